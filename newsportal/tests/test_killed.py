"""A server that is killed with -9 in the middle of a save leaves the database whole, and the story free to be saved again."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from articles.editing.snapshot import opened, take
from articles.models import Article, Byline, Version
from articles.tests.factories import make_article, make_contributor
from articles.tests.story_form import form_of, url, with_byline
from articles.workflow import Status
from newsportal.environment import BASE_DIR
from newsportal.tests.nodes import database_url

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "t" * 32


@pytest.fixture
def server(tmp_path):
    """(address, sign): a server that halts in the middle of a save, after which the file `sign` exists."""
    sign = tmp_path / "halted"
    environment = os.environ | {"DATABASE_URL": database_url(), "DEBUG": "true"}
    process = subprocess.Popen(
        [sys.executable, "-m", "newsportal.tests.halting_server", str(sign)],
        cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}", sign, process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def post(address: str, session: str, data: dict) -> Exception | None:
    """What came of sending a form; None for an answer."""
    body = urllib.parse.urlencode(data | {"csrfmiddlewaretoken": TOKEN}, doseq=True).encode()
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, {"Cookie": cookies}), timeout=60):
            return None
    except (OSError, urllib.error.URLError) as problem:
        return problem


def wait_for(sign: Path, sender: threading.Thread) -> None:
    deadline = time.monotonic() + 60
    while not sign.exists():
        assert time.monotonic() < deadline and sender.is_alive(), "the server never came to the middle of a save"
        time.sleep(0.05)


def test_a_server_killed_in_the_middle_of_a_save_leaves_the_story_whole(server, client, editor):
    address, sign, process = server
    article = make_article(status=Status.DRAFT, headline="Before", tags=("one",))
    article.record(editor)
    client.force_login(editor)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    typed = with_byline(form_of(article, headline="After", tags=["new:two"], body="<p>Half.</p>"), make_contributor())
    answers: list = []
    sender = threading.Thread(target=lambda: answers.append(post(address + url(article), session, typed)))
    sender.start()
    wait_for(sign, sender)
    process.send_signal(signal.SIGKILL)
    sender.join(60)
    assert answers and answers[0] is not None, "nobody was told that it is saved"

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchone() == ("ok",)
    article = Article.objects.get()
    assert (article.headline, list(article.tags.names()), Byline.objects.count()) == ("Before", ["one"], 0)
    assert opened(Version.objects.current(article).get()) == take(article)
    assert Version.objects.of(article).count() == 1
    # What the editor's browser still holds is sent again, and is saved.
    assert client.post(url(article), typed).status_code == 302
    article.refresh_from_db()
    assert (article.headline, list(article.tags.names())) == ("After", ["two"])
