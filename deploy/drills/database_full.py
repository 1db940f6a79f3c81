"""The disk of PostgreSQL is full, under load, and has room again.

    sudo python deploy/drills/database_full.py

Readers go on reading, also what is kept nowhere; what cannot be written is answered 503, with what was typed in the page; when
there is room again nobody has to restart anything; and what was said to be saved is there, once.

Needs root: the newspaper's tables stand on a small disk in memory. PostgreSQL's log of its transactions stands elsewhere: where
that finds no room, PostgreSQL ends, as in database_away.py.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from installation import (
    Drill,
    Use,
    Visitor,
    answered_well,
    database,
    folder_for,
    given_back,
    let_go,
    loopback,
    newsroom,
    options_of,
    prepare,
    taken,
    whole,
)

#: Bytes of the disk: a newspaper without stories takes some thirty million.
ROOM = 64_000_000


def main() -> None:
    options, drill = options_of(__doc__), Drill("database full")
    with folder_for("full") as folder, ExitStack() as stack:
        disk = stack.enter_context(small_disk(folder))
        url = stack.enter_context(database(folder, is_sqlite=False))
        environment = prepare(folder, url)
        move_to(disk, url)
        story, draft = newsroom()
        (port,) = stack.enter_context(loopback.nodes(1, environment, quiet=not options.verbose))
        drill.says("a newspaper on PostgreSQL, whose tables stand on a disk of 64 MB")
        with Use(port, story, draft) as use:
            drill.comes_to("comments and saves are taken", lambda: go_on(use, 0, 0))
            file = fill(disk)
            drill.says("the disk is full")
            # What the tables have room for is still taken.
            drill.comes_to("comments are answered 503", lambda: len(given_back(use.comments)) >= 5)
            drill.comes_to("saves are answered 503", lambda: len(given_back(use.saves)) >= 3)
            read = use.read[200]
            drill.comes_to("pages are read meanwhile", lambda: use.read[200] >= read + 50)
            found = Visitor(port).get(story.section.get_absolute_url())
            drill.holds("what is not kept is read, too", found.status == 200 and story.headline in found.text, found)
            drill.holds("/readyz says 200: it serves readers", loopback.status(port, "/readyz") == 200)
            file.unlink()
            drill.says("there is room again")
            comments, saves = len(taken(use.comments)), len(taken(use.saves))
            drill.comes_to("comments and saves are taken again", lambda: go_on(use, comments, saves), 10)
        look(drill, use)
        whole(drill)
    drill.end()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0711", "newsportal-drill", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["/bin/umount", "--lazy", disk], check=True)


def move_to(disk: Path, url: str) -> None:
    """Let the newspaper's tables stand there. PostgreSQL moves a database that nobody has open."""
    import psycopg

    place = disk / "postgresql"
    place.mkdir(mode=0o700)
    shutil.chown(place, "postgres")
    with psycopg.connect(url.removesuffix("postgres") + "template1", autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        connection.execute("ALTER DATABASE postgres SET TABLESPACE small")


def fill(disk: Path) -> Path:
    """The file that takes all the room that is left."""
    file = disk / "file"
    with file.open("wb", buffering=0) as opened:
        for size in (65_536, 4_096):
            with contextlib.suppress(OSError):
                while True:
                    opened.write(bytes(size))
    return file


def go_on(use: Use, comments: int, saves: int) -> bool:
    return len(taken(use.comments)) >= comments + 5 and len(taken(use.saves)) >= saves + 3


def look(drill: Drill, use: Use) -> None:
    """Whether all was answered as it should be."""
    from articles.models import Version
    from comments.models import Comment

    answered_well(drill, use)
    times = {one.words: Comment.objects.filter(body=one.words).count() for one in use.comments}
    wrong = {one.words: times[one.words] for one in use.comments if times[one.words] != (one in taken(use.comments))}
    drill.holds("every comment that was taken is there once, and no other", not wrong, wrong)
    saved, versions = len(taken(use.saves)), Version.objects.of(use.draft).count() - 1
    drill.holds("the draft has a version for each save that was taken", versions == saved, f"{versions} for {saved}")
    let_go()


if __name__ == "__main__":
    if os.geteuid() != 0:
        raise SystemExit("This drill needs root, to mount a small disk.")
    main()
