"""The next release's `migrate` runs under load, while a node of this release goes on, and no request fails.

    python deploy/drills/migration.py [--sqlite] [--comments 50000] [--pause 10]

The next release is this one with two more migrations of its largest table: two columns, and an index, added as
docs/decisions/0029-migrations-under-load.md says. The node knows nothing of them, and what it writes must still fit. On PostgreSQL
a backup reads the table when `migrate` comes to it, which lets go, and tries again after so many seconds.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from installation import (
    Drill,
    Use,
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

SETTINGS = """
from newsportal.settings import *
MIGRATION_MODULES = {"comments": "expanded"}
"""
# Of `migrate`, which looks for its migrations in here.
PAUSE = """
from newsportal.management.commands import migrate

migrate.PAUSE = {pause}
"""
EXPAND = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("comments", "{last}")]
    operations = [
        migrations.AddField("comment", "drilled_at", models.DateTimeField(null=True)),
        migrations.AddField("comment", "drilled", models.CharField(max_length=9, db_default="no")),
    ]
"""
INDEX = """
from django.db import migrations, models

from articles.expanding import AddIndexConcurrently


class Migration(migrations.Migration):
    dependencies = [("comments", "9000_expand")]
    atomic = False
    operations = [AddIndexConcurrently("comment", models.Index(fields=["drilled", "-id"], name="comment_drilled"))]
"""


def main() -> None:
    options, drill = options_of(__doc__, both=True, comments=50_000, pause=10), Drill("migration")
    with folder_for("migration") as folder, ExitStack() as stack:
        url = stack.enter_context(database(folder, options.sqlite))
        environment = prepare(folder, url)
        story, draft = newsroom()
        fill(options.comments)
        drill.says(f"a newspaper on {'SQLite' if options.sqlite else 'PostgreSQL'} with {options.comments:,} comments")
        [node] = stack.enter_context(loopback.nodes(1, environment, quiet=not options.verbose))
        with Use(node, story, draft) as use:
            drill.comes_to("comments and saves are taken", lambda: go_on(use, 0, 0))
            with ExitStack() as backup:
                if not options.sqlite:
                    backup.enter_context(backup_that_reads(url))
                began = time.monotonic()
                migrating = stack.enter_context(migrate(folder, options.pause))
                if not options.sqlite:
                    drill.comes_to(
                        "migrate lets go of what a backup reads, and says so", lambda: "pg_dump" in said(folder)
                    )
                    drill.holds("nothing is there yet", not is_expanded())
            code = migrating.wait()
            took = f"{time.monotonic() - began:.1f} s"
            drill.holds(f"the next release's migrate runs through ({took})", code == 0, said(folder))
            comments, saves = len(taken(use.comments)), len(taken(use.saves))
            drill.comes_to("comments and saves are taken after it", lambda: go_on(use, comments, saves))
        drill.holds(f"{use.read.total()} pages were read, all with 200", set(use.read) == {200}, dict(use.read))
        for sent, what in ((use.comments, "comments"), (use.saves, "saves")):
            missed = [one.answer.status for one in sent if one not in taken(sent)]
            drill.holds(f"all {len(sent)} {what} were taken", not missed and not given_back(sent), missed)
        drill.says(", ".join(f"{what} waited at most {seconds:.2f} s" for what, seconds in use.waits.items()))
        drill.holds("columns and index are there, and what this version has written fits", is_expanded())
        whole(drill)
    drill.end()


def go_on(use: Use, comments: int, saves: int) -> bool:
    return len(taken(use.comments)) >= comments + 5 and len(taken(use.saves)) >= saves + 3


def fill(comments: int) -> None:
    from django.core.management import call_command

    call_command("fill", articles=max(10, comments // 100), comments=comments, add=True, verbosity=0)
    let_go()


@contextmanager
def backup_that_reads(url: str) -> Iterator[None]:
    """It has the table of comments until the block is left, as pg_dump does."""
    import psycopg

    with psycopg.connect(url, application_name="pg_dump") as reading:
        reading.execute("SELECT count(*) FROM comments_comment")
        yield


@contextmanager
def migrate(folder: Path, pause: int) -> Iterator[subprocess.Popen]:
    """The next release's; what it says is in the folder."""
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    environment = os.environ | next_release(folder, pause)
    with (
        (folder / "said").open("w") as told,
        loopback.process(command, cwd=loopback.PROJECT, env=environment, stdout=told, stderr=told) as migrating,
    ):
        yield migrating


def said(folder: Path) -> str:
    return (folder / "said").read_text()


def next_release(folder: Path, pause: int) -> dict[str, str]:
    """Its environment: our migrations of comments, and two more."""
    package = folder / "next" / "expanded"
    package.mkdir(parents=True)
    ours = loopback.PROJECT / "comments" / "migrations"
    names = sorted(path.stem for path in ours.glob("0*.py"))
    for path in ours.glob("0*.py"):
        (package / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (package / "__init__.py").write_text(PAUSE.format(pause=pause), encoding="utf-8")
    (package / "9000_expand.py").write_text(EXPAND.format(last=names[-1]), encoding="utf-8")
    (package / "9001_index.py").write_text(INDEX, encoding="utf-8")
    (folder / "next" / "next_release.py").write_text(SETTINGS, encoding="utf-8")
    return {"PYTHONPATH": str(folder / "next"), "DJANGO_SETTINGS_MODULE": "next_release"}


def is_expanded() -> bool:
    """And what is in the new columns is what this version leaves in them."""
    from django.db import connection

    with connection.cursor() as cursor:
        columns = {each.name for each in connection.introspection.get_table_description(cursor, "comments_comment")}
        is_so = columns >= {"drilled", "drilled_at"}
        if is_so:
            cursor.execute("SELECT count(*) FROM comments_comment WHERE drilled <> 'no' OR drilled_at IS NOT NULL")
            is_so = cursor.fetchone() == (0,)
            is_so &= "comment_drilled" in connection.introspection.get_constraints(cursor, "comments_comment")
    let_go()
    return is_so


if __name__ == "__main__":
    main()
