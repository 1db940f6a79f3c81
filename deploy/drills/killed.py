"""The process that serves is killed with -9 in the middle of a save at the desk, of an upload, and of a comment.

    python deploy/drills/killed.py [--sqlite]

Each twice: before it is committed, when nothing of it may be there, and after, when nobody has been told that it is there. Then
what the browser still holds is sent again, and has happened once.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from installation import (
    Answer,
    Drill,
    Visitor,
    comment,
    database,
    folder_for,
    let_go,
    loopback,
    newsroom,
    options_of,
    picture,
    prepare,
    somebody,
    whole,
)


def main() -> None:
    options, drill = options_of(__doc__, both=True), Drill("killed")
    with folder_for("killed") as folder, ExitStack() as stack:
        url = stack.enter_context(database(folder, options.sqlite))
        environment = prepare(folder, url, DRILL_FOLDER=str(folder))
        story, draft = newsroom()
        halting = "deploy.drills.halting:application"
        server = stack.enter_context(loopback.node_part(environment, halting, quiet=not options.verbose))
        drill.says(f"a newspaper on {'SQLite' if options.sqlite else 'PostgreSQL'}, and one process that serves it")
        editor = Visitor(server.port)
        editor.log_in("editor")
        for when in ("before", "after"):
            kill_in_a_save(drill, folder, server, editor, draft, when)
            kill_in_an_upload(drill, folder, server, editor, when)
            kill_in_a_comment(drill, folder, server, story, when)
        whole(drill)
    drill.end()


def killed(
    drill: Drill, folder: Path, server: loopback.Part, table: str, when: str, send: Callable[[], Answer]
) -> None:
    """The process is killed when what is sent comes to this moment; then another one answers."""
    answers: list[Answer] = []
    (folder / "wanted").write_text(f"{when} {table}")
    sender = threading.Thread(target=lambda: answers.append(send()))
    sender.start()
    halted = folder / "halted"
    loopback.wait_until(
        lambda: bool(answers) or (halted.exists() and bool(halted.read_text())), f"the moment {when} the commit"
    )
    if answers:
        raise RuntimeError(f"It was answered {answers[0].status} before it came there: {answers[0].text[:500]}")
    # First, or the next process would halt there, too.
    process = int(halted.read_text())
    halted.unlink()
    os.kill(process, signal.SIGKILL)
    (folder / "wanted").unlink()
    sender.join(60)
    loopback.wait_until(lambda: not loopback.lives(process), "the end of the process")
    drill.holds("nobody was told that it is done", [a.status for a in answers] == [0], answers)
    loopback.wait_until(lambda: not server.lives() or answers_at(server.port), "another process")
    if not server.lives():
        # granian gives up when one dies within six seconds of its start; Restart=always of newsportal.service starts it anew.
        drill.says("the second within six seconds: the whole server has ended, and is started, as systemd does")
        server.stop()
        server.start()
    drill.comes_to("another process answers", lambda: answers_at(server.port))


def answers_at(port: int) -> bool:
    return loopback.status(port, "/healthz") == 200


def kill_in_a_save(drill: Drill, folder: Path, server: loopback.Part, editor: Visitor, draft: Any, when: str) -> None:
    from articles.models import Article, Version

    drill.says(f"-- a save at the desk, killed {when} its commit")
    desk, headline = f"/admin/articles/article/{draft.pk}/change/", f"The ferry came {when} noon"
    before = Article.objects.get(pk=draft.pk)
    versions = Version.objects.of(draft).count()
    let_go()
    typed = editor.form(desk, "headline") | {"headline": headline, "body": f"<p>It was {when} noon.</p>"}
    killed(drill, folder, server, "articles_article", when, lambda: editor.post(desk, typed))

    seen = Article.objects.get(pk=draft.pk)
    happened = when == "after"
    expected = (headline, versions + 1) if happened else (before.headline, versions)
    there = (seen.headline, Version.objects.of(draft).count())
    drill.holds("all of it is there" if happened else "nothing of it is there", there == expected, there)
    let_go()
    answer = editor.post(desk, typed)
    drill.holds("sent again, it is saved", answer.status == 302, answer.status)
    there = (Article.objects.get(pk=draft.pk).headline, Version.objects.of(draft).count())
    drill.holds("and it is there once", there == (headline, versions + 1), there)
    let_go()


def kill_in_an_upload(drill: Drill, folder: Path, server: loopback.Part, editor: Visitor, when: str) -> None:
    from articles.models import Image

    drill.says(f"-- an upload of a picture, killed {when} its commit")
    add, title = "/admin/articles/image/add/", f"Taken {when} noon"

    def upload() -> Answer:
        form = editor.form(add, "upload") | {"title": title, "alt": "A ferry", "upload": picture(title)}
        return editor.post(add, form)

    killed(drill, folder, server, "articles_image", when, upload)
    there = Image.objects.filter(title=title).count()
    drill.holds("it is there" if when == "after" else "no row of it is there", there == (when == "after"), there)
    left = len(files(folder) - needed())
    drill.says(f"files without a row, to be used when the picture comes again: {left}")
    let_go()
    answer = upload()
    drill.holds("sent again, it is taken", answer.status == 302, answer.status)
    there = Image.objects.filter(title=title).count()
    drill.holds("and it is there once", there == 1, there)
    drill.holds("there is no file that no row needs", files(folder) == needed(), files(folder) ^ needed())
    let_go()


def files(folder: Path) -> set[str]:
    media = folder / "media"
    return {
        str(path.relative_to(media)) for path in media.rglob("*") if path.is_file() and "share-cards" not in path.parts
    }


def needed() -> set[str]:
    from articles.models import Image

    return {name for image in Image.objects.all() for name in image.file_names()}


def kill_in_a_comment(drill: Drill, folder: Path, server: loopback.Part, story: Any, when: str) -> None:
    from comments.models import Comment

    drill.says(f"-- a comment, killed {when} its commit")
    reader, words = somebody(server.port), f"The ferry was late on day {when} noon, and nobody had been told."
    killed(drill, folder, server, "comments_comment", when, lambda: comment(reader, story, words))
    there = Comment.objects.filter(body=words).count()
    drill.holds("it is there" if when == "after" else "nothing of it is there", there == (when == "after"), there)
    let_go()
    answer = comment(reader, story, words)
    drill.holds("sent again, it is taken", answer.status == 302, answer.status)
    there = Comment.objects.filter(body=words).count()
    drill.holds("and it is there once", there == 1, there)
    let_go()


if __name__ == "__main__":
    main()
