"""Nothing can be written, since the disk is full or somebody else writes: the desk is read, and says what is wrong."""

import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
from django.conf import settings as site_settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from articles.tests.factories import make_article
from comments.tests.factories import make_comment
from newsportal.database import patience
from newsportal.database.sqlite3 import turn
from newsportal.staff import sessions
from newsportal.staff.models import StaffSession
from newsportal.tests import nodes
from newsportal.tests.desk_walk import addresses
from newsportal.tests.refusing import nothing_is_written, on_sqlite, writing

pytestmark = pytest.mark.django_db(transaction=True)


def log_in(client: Client, person) -> None:
    """In a process that has not yet seen the session."""
    client.force_login(person)
    sessions._seen.clear()


#: On which somebody is handed a secret, which is kept until they send back what they have made of it.
KEEPS_WHAT_IT_SHOWS = {"mfa_add_webauthn", "mfa_activate_totp"}


def test_every_screen_of_the_desk_is_read(client, administrator, things):
    things["article"].record(None)
    log_in(client, administrator)

    def read(found):
        sessions._seen.clear()
        return client.get(found).status_code

    before = {found: read(found) for found in addresses(things)}
    with nothing_is_written():
        hindered = {found for found, status in before.items() if read(found) != status}
    assert hindered == set(map(reverse, KEEPS_WHAT_IT_SHOWS))
    assert list(before.values()).count(200) > 80


def test_what_is_sent_comes_back(client, administrator):
    log_in(client, administrator)
    with nothing_is_written():
        answer = client.post(
            "/admin/articles/tag/add/",
            {"name": "Ferries of the north", "slug": "ferries"},
            HTTP_SEC_FETCH_SITE="same-origin",
        )
    assert answer.status_code == 503 and b"Ferries of the north" in answer.content


def test_a_session_of_before_there_was_a_list_is_taken_into_it_later(client, editor):
    log_in(client, editor)
    StaffSession.objects.all().delete()
    session = client.session
    del session["staff_session"]
    session.save()
    sessions._seen.clear()
    with nothing_is_written():
        assert client.get("/admin/").status_code == 200
    sessions._seen.clear()
    assert client.get("/admin/").status_code == 200
    assert StaffSession.objects.get().user == editor


def test_moderators_keep_their_buttons_on_readers_pages(client, moderator):
    story = make_comment().article
    log_in(client, moderator)
    with nothing_is_written():
        page = client.get(reverse("comment_moderate_story", args=[story.pk]))
    assert page.status_code == 200 and b"comment-moderate" in page.content


def test_a_session_that_has_been_ended_does_not_count(client, editor):
    log_in(client, editor)
    StaffSession.objects.all().delete()
    client.raise_request_exception = False
    with nothing_is_written():
        # That it is over would have to be written down, too.
        assert client.get("/admin/").status_code == 503


def test_it_is_not_tried_with_every_page(client, editor, caplog):
    caplog.set_level("WARNING")
    log_in(client, editor)
    with nothing_is_written():
        for _ in range(3):
            assert client.get("/admin/").status_code == 200
    assert caplog.text.count("could not be noted who is at the desk") == 1


@on_sqlite
def test_a_page_of_the_desk_does_not_wait_for_who_writes_and_shortens_the_wait_of_nobody(client, editor, monkeypatch):
    monkeypatch.setattr(patience, "_is_serving", True)
    turn.turns.cache_clear()
    log_in(client, editor)
    with writing():
        began = time.monotonic()
        assert client.get("/admin/").status_code == 200
        assert time.monotonic() - began < 3
    with patience.in_one_request():
        assert turn.turns("default").seconds(30) == site_settings.DATABASE_TIMEOUT


# --- A disk -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 64 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=False).returncode:
        pytest.skip("only root has disks of its own")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder) -> None:
    with (folder / "backups").open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))


@on_sqlite
def test_on_a_full_disk_the_desk_is_read_and_says_so(client, administrator, small_disk):
    story = make_article()
    log_in(client, administrator)
    cookie = f"{site_settings.SESSION_COOKIE_NAME}={client.cookies[site_settings.SESSION_COOKIE_NAME].value}"
    database = small_disk / "db.sqlite3"
    with closing(sqlite3.connect(database)) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode = WAL")
        copy.execute("SELECT 1 FROM auth_user").fetchall()
        with nodes.running(1, DATABASE_URL=f"sqlite:///{database}") as [node]:
            fill(small_disk)
            with closing(sqlite3.connect(database)) as other, pytest.raises(sqlite3.OperationalError, match="full"):
                other.execute("CREATE TABLE more (number)")
            for path in ("/admin/", "/admin/articles/article/", f"/admin/articles/article/{story.pk}/change/"):
                status, _, page = nodes.ask(node, path, Cookie=cookie)
                assert status == 200 and b"The disk is full" in page, path
            assert nodes.get(node, story.get_absolute_url())[0] == 200
