"""The storage of pictures (S3) goes away and comes back.

    python deploy/drills/media_away.py [--sqlite]

Stories are read and written all the while; who uploads a picture is told so beside the file, and finds every word still there;
and it works again when the storage does. A share card that was to be made meanwhile is made afterwards.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from installation import (
    Answer,
    Drill,
    Use,
    Visitor,
    database,
    folder_for,
    let_go,
    loopback,
    newsroom,
    options_of,
    picture,
    prepare,
    taken,
    whole,
)

ADD = "/admin/articles/image/add/"
WORDS = {"title": "The pier at noon", "alt": "A ferry at the pier", "caption": "The ferry, for once in time."}


def main() -> None:
    options, drill = options_of(__doc__, both=True), Drill("media away")
    with folder_for("media") as folder, ExitStack() as stack:
        url = stack.enter_context(database(folder, options.sqlite))
        storage = stack.enter_context(loopback.s3_part())
        environment = prepare(folder, url, **loopback.s3_variables(storage.url))
        story, draft = newsroom()
        [node] = stack.enter_context(loopback.nodes(1, environment, quiet=not options.verbose))
        drill.says("a newspaper with pictures on an emulator of S3")
        editor = Visitor(node)
        editor.log_in("editor")
        with Use(node, story, draft) as use:
            drill.holds("a picture is taken", upload(editor, "Before").status == 302)
            storage.stop(signal.SIGKILL)
            drill.says("the storage is killed")
            work(environment, quiet=not options.verbose)
            drill.holds("a share card waits for it, and has not failed", card_job() == ("READY", ""), card_job())
            comments, saves, read = len(taken(use.comments)), len(taken(use.saves)), use.read[200]
            answer = upload(editor, "Meanwhile")
            drill.holds("an upload gets its sentence", is_told(answer), answer.status)
            kept = all(words in answer.text for words in (*WORDS.values(), "Meanwhile"))
            drill.holds("and every word is still there", kept)
            # Browsers read pictures from there themselves: the node can be sent readers as before.
            drill.holds("/readyz says 200", loopback.status(node, "/readyz") == 200)
            drill.comes_to(
                "comments and saves are taken",
                lambda: len(taken(use.comments)) >= comments + 5 and len(taken(use.saves)) >= saves + 3,
            )
            drill.comes_to("pages are read", lambda: use.read[200] >= read + 30)
            storage.start()
            drill.says("the storage is started again (this emulator has forgotten what it held)")
            drill.holds("the same picture is taken now", upload(editor, "Meanwhile").status == 302)
            pause_is_over()
            work(environment, quiet=not options.verbose)
            job, card = card_job()
            drill.holds("the share card is made now", job == "SUCCESSFUL" and is_stored(card), (job, card))
        drill.holds(f"{use.read.total()} pages were read, all with 200", set(use.read) == {200}, dict(use.read))
        for sent, what in ((use.comments, "comments"), (use.saves, "saves")):
            drill.holds(
                f"all {len(sent)} {what} were taken", len(taken(sent)) == len(sent), [s.answer.status for s in sent]
            )
        look(drill)
    drill.end()


def upload(editor: Visitor, credit: str) -> Answer:
    form = editor.form(ADD, "upload") | WORDS | {"credit": credit, "upload": picture(credit)}
    return editor.post(ADD, form)


def is_told(answer: Answer) -> bool:
    return answer.status == 200 and "full, or cannot be reached" in answer.text


def work(environment: Mapping[str, str], *, quiet: bool) -> None:
    """What a worker does in the background until nothing is due; returns when it is done."""
    command = [sys.executable, "manage.py", "background_worker", "--once"]
    said = subprocess.DEVNULL if quiet else None
    subprocess.run(command, cwd=loopback.PROJECT, env=os.environ | environment, stdout=said, stderr=said, check=True)


def card_job() -> tuple[str, str]:
    """How it stands with the job that makes the card of the story, and the name of the card."""
    from django_tasks_db.models import DBTaskResult

    from articles.models import Article

    job = DBTaskResult.objects.get(task_path__endswith=".make_share_card")
    [story] = job.args_kwargs["args"]
    found = job.status, Article.objects.get(pk=story).share_card
    let_go()
    return found


def pause_is_over() -> None:
    """As if a minute had gone by."""
    from django.utils import timezone
    from django_tasks_db.models import DBTaskResult

    DBTaskResult.objects.filter(status="READY").update(run_after=timezone.now())
    let_go()


def is_stored(name: str) -> bool:
    from django.core.files.storage import default_storage

    return bool(name) and default_storage.exists(name)


def look(drill: Drill) -> None:
    from articles.models import Image

    credits: list[Any] = sorted(Image.objects.values_list("credit", flat=True))
    drill.holds("both pictures are there, once", credits == ["Before", "Meanwhile"], credits)
    # Its files went with the emulator, as they would from no real storage.
    Image.objects.filter(credit="Before").delete()
    let_go()
    whole(drill)


if __name__ == "__main__":
    main()
