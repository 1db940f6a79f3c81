"""PostgreSQL dies under load and comes back, while two nodes behind nginx serve.

    python deploy/drills/database_away.py

Readers go on reading what is kept; what is written is answered 503, with what was typed in the page; nobody has to restart
anything; and what was said to be saved is there, once.
"""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from typing import Any

from installation import (
    Drill,
    Sent,
    Use,
    Visitor,
    answered_well,
    comment,
    folder_for,
    given_back,
    let_go,
    loopback,
    needs,
    newsroom,
    options_of,
    prepare,
    prepared,
    taken,
    whole,
)

TYPED = "<p>It rained on the harbour, and the editor had been writing about it for an hour.</p>"


def main() -> None:
    options = options_of(__doc__)
    drill = Drill("database away")
    with folder_for("away") as folder, ExitStack() as stack:
        database = stack.enter_context(loopback.postgresql_part(folder, prepared("postgresql")))
        port = loopback.free_port()
        site = f"http://{loopback.HOST}:{port}"
        environment = prepare(folder, database.url, SITE_URL=site, NGINX_MICROCACHE="true")
        story, draft = newsroom()
        nodes = list(stack.enter_context(loopback.nodes(2, environment, quiet=not options.verbose)))
        stack.enter_context(loopback.nginx(folder, nodes, port))
        drill.says("a newspaper on PostgreSQL, two nodes, and nginx before them")
        with Use(port, story, draft) as use:
            drill.comes_to("comments and saves are taken", lambda: done(use, 5))
            editor, typed = somebody_typing(port, story)
            before = len(use.comments)
            drill.says("PostgreSQL is stopped at once (SIGQUIT, which it calls immediate)")
            database.stop(signal.SIGQUIT)
            for node in nodes:
                drill.comes_to("/readyz says 503", lambda node=node: loopback.status(node, "/readyz") == 503)
                drill.holds("/healthz says 200", loopback.status(node, "/healthz") == 200)
            read = use.read[200]
            drill.comes_to("pages are read meanwhile", lambda: use.read[200] >= read + 50)
            drill.comes_to("comments are answered 503", lambda: len(given_back(use.comments)) >= 5)
            for _ in range(3):
                use.saves.append(Sent(TYPED, editor.post(desk_of(story), typed), editor))
            drill.holds("saves are answered 503", [one.answer.status for one in use.saves[-3:]] == [503] * 3)
            drill.says("PostgreSQL is started again")
            database.start()
            began, comments, saves = time.monotonic(), len(taken(use.comments)), len(taken(use.saves))
            for node in nodes:
                drill.comes_to("/readyz says 200", lambda node=node: loopback.status(node, "/readyz") == 200, 10)
            drill.comes_to(
                "comments and saves are taken again",
                lambda: len(taken(use.comments)) > comments and len(taken(use.saves)) > saves,
                10,
            )
            drill.says(f"all of it is back {time.monotonic() - began:.1f} s after PostgreSQL")
            drill.comes_to("and go on being taken", lambda: done(use, 10))
        answer = editor.post(desk_of(story), typed)
        drill.holds("what the editor has open can be saved now", answer.status == 302, answer.status)
        look(drill, use, before)
        send_again(drill, use, port, story)
        whole(drill)
    drill.end()


def desk_of(story: Any) -> str:
    return f"/admin/articles/article/{story.pk}/change/"


def somebody_typing(port: int, story: Any) -> tuple[Visitor, dict[str, Any]]:
    """An editor, and what they have open and changed."""
    editor = Visitor(port)
    editor.log_in("editor")
    return editor, editor.form(desk_of(story), "headline") | {"body": TYPED, "edit_kind": "minor"}


def done(use: Use, number: int) -> bool:
    return len(taken(use.comments)) >= number and len(taken(use.saves)) >= min(number, 4)


def look(drill: Drill, use: Use, before: int) -> None:
    """Whether all was answered as it should be."""
    from articles.models import Version

    answered_well(drill, use)
    said = {words: times(words) for words in (one.words for one in use.comments)}
    not_once = {words: said[words] for words in (one.words for one in taken(use.comments)) if said[words] != 1}
    drill.holds("every comment that was taken is there once", not not_once, not_once)
    # PostgreSQL may have written one down, and died before it could say so: nobody can know then, and 503 is the careful answer.
    on_the_way = use.comments[max(0, before - 1) : before + 2]
    there = [one for one in given_back(use.comments) if said[one.words] and one not in on_the_way]
    drill.holds("no comment that was answered 503 is there, but one on its way in that moment", not there, there)
    saved = sum(one.answer.status == 302 for one in use.saves)
    versions = Version.objects.of(use.draft).count() - 1
    drill.holds("the draft has a version for each save that was taken", versions == saved, f"{versions} for {saved}")
    let_go()


def send_again(drill: Drill, use: Use, port: int, story: Any) -> None:
    # By the same people: what is there already, because it was on its way in that moment, is theirs and is not taken twice.
    answers = [comment(one.by, story, one.words).status for one in given_back(use.comments)]
    drill.holds("sent again, they are taken", set(answers) == {302}, answers)
    wrong = {one.words: times(one.words) for one in use.comments if times(one.words) != 1}
    drill.holds("and all comments are there once", not wrong, wrong)
    let_go()


def times(words: str) -> int:
    from comments.models import Comment

    return Comment.objects.filter(body=words).count()


if __name__ == "__main__":
    needs(nginx="nginx-light")
    main()
