"""A SQLite in which somebody writes for long: who asks is told so before a proxy gives them up, and loses nothing."""

import http.client
import re
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.conf import settings as site_settings
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from articles import apart
from articles.body import heavy
from articles.models import Section
from articles.tests.factories import make_article
from comments.models import Comment
from deploy import loopback
from newsportal.database import patience
from newsportal.database.sqlite3 import turn
from newsportal.tests import nodes
from newsportal.tests.lasting import lasting

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers")

#: What is left for the rest of a request, and for a busy machine.
MARGIN = 5
SECONDS = 1
TYPED = "It rained on the harbour, and I had been writing about it for an hour when the lights went out."


def proxies() -> dict[str, list[float]]:
    """For how many seconds each proxy of deploy/ waits for an answer, at each place that says so."""
    asked = {
        "nginx.conf": r"^\s*proxy_(?:read|send)_timeout\s+(\S+?);",
        "varnish.vcl": r"^\s*\.(?:first_byte|between_bytes)_timeout\s*=\s*(\S+?);",
    }
    found = {}
    for name, says in asked.items():
        text = (loopback.PROJECT / "deploy" / name).read_text(encoding="utf-8")
        found[name] = [_seconds(told) for told in re.findall(says, text, flags=re.M)]
    return found


def _seconds(told: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(ms|s|m)?", told).groups()
    return int(number) * {"ms": 0.001, "s": 1, "m": 60, None: 1}[unit]


@pytest.mark.parametrize("name", ["nginx.conf", "varnish.vcl"])
def test_every_proxy_waits_for_longer_than_the_application_does(name):
    waits = proxies()[name]
    assert waits
    # In line behind those that found it out, then for its own turn, or for a server that is asked whether it is there.
    most = site_settings.DATABASE_TIMEOUT + max(patience.GRACE, turn.BRIEFLY)
    assert most + MARGIN <= min(waits)


@contextmanager
def written():
    """Somebody else writes, and goes on writing."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            yield
            cursor.execute("ROLLBACK")
    finally:
        other.close()


@pytest.fixture
def serving(monkeypatch, settings):
    monkeypatch.setattr(patience, "_is_serving", True)
    monkeypatch.setattr(turn, "BRIEFLY", 0.2)
    settings.DATABASE_TIMEOUT = SECONDS
    turn.turns.cache_clear()
    connection.close()
    yield
    turn.turns.cache_clear()


def write() -> None:
    Section.objects.update(order=1)


def write_by_itself() -> None:
    """Without a transaction, in a table of which no page is made."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_session")


# --- A turn -----------------------------------------------------------------------------------------------------------


@on_sqlite
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", [write, write_by_itself])
def test_who_serves_waits_for_a_turn_no_longer_than_for_an_answer(serving, attempt):
    with written(), lasting(SECONDS, SECONDS + MARGIN), pytest.raises(OperationalError):
        attempt()
    attempt()


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_a_request_that_wants_several_turns_waits_once_for_all_of_them(serving):
    with written(), patience.in_one_request():
        with lasting(SECONDS, SECONDS + MARGIN), pytest.raises(OperationalError):
            write()
        with lasting(0, SECONDS / 2), pytest.raises(OperationalError):
            write_by_itself()
        with lasting(0, SECONDS / 2), pytest.raises(OperationalError), transaction.atomic():
            write()


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_after_one_has_waited_in_vain_the_next_waits_briefly_until_somebody_has_had_a_turn(serving):
    def refused() -> None:
        with patience.in_one_request(), pytest.raises(OperationalError):
            write()

    with written():
        refused()
        with lasting(0.2, SECONDS - 0.1):
            refused()
    with patience.in_one_request():
        write()
    with written(), lasting(SECONDS, SECONDS + MARGIN):
        refused()


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_commands_and_jobs_wait_for_as_long_as_the_settings_say(serving, monkeypatch):
    def waits() -> float:
        write()
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA busy_timeout").fetchone()[0] / 1000

    with patience.in_one_request():
        assert waits() == SECONDS
    with patience.of(900):
        assert waits() == 30
    assert waits() == SECONDS
    monkeypatch.setattr(patience, "_is_serving", False)
    assert waits() == 30


# --- A site -----------------------------------------------------------------------------------------------------------


def comment(port: int, story) -> tuple[int, str]:
    said = {"name": "Wren", "email": "wren@example.org", "body": TYPED}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    connection = http.client.HTTPConnection(loopback.HOST, port, timeout=60)
    try:
        address = reverse("comment_post", args=[story.pk])
        connection.request("POST", address, urllib.parse.urlencode(said), headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_readers_get_their_comments_back_in_time_also_those_in_line(settings):
    story = make_article()
    with nodes.running(1, DATABASE_TIMEOUT="2") as [node]:
        with written(), lasting(2, 2 + 2 * turn.BRIEFLY + MARGIN), ThreadPoolExecutor(12) as pool:
            # Three for each thread of the server.
            answers = list(pool.map(lambda _: comment(node, story), range(12)))
        assert {status for status, _ in answers} == {503}
        assert all(TYPED in text and "too busy" in text for _, text in answers)
        assert not Comment.objects.exists()
        assert comment(node, story)[0] == 302
    assert Comment.objects.get().body == TYPED


@pytest.mark.django_db(transaction=True)
def test_nobody_who_writes_waits_for_the_text_of_a_page_to_be_read(client, administrator, monkeypatch):
    ask, within = apart.ask, []

    def noted(*given):
        within.append(connection.in_atomic_block)
        return ask(*given)

    monkeypatch.setattr(apart, "ask", noted)
    client.force_login(administrator)
    page = {"title": "About us", "slug": "about-us", "order": 0, "body": "<ul><li>one<li>two</ul>" * 400}
    assert client.post(reverse("admin:newsportal_page_add"), page).status_code == 302
    assert within == [False]


@pytest.mark.django_db
def test_who_gets_no_turn_for_a_text_is_told_so_beside_it(client, administrator, monkeypatch):
    monkeypatch.setattr(heavy, "LIMITS", replace(heavy.LIMITS, turn=0.1))
    client.force_login(administrator)
    page = {"title": "About us", "slug": "about-us", "order": 0, "body": "<ul><li>one<li>two</ul>" * 400}
    with apart._turn(0):
        answer = client.post(reverse("admin:newsportal_page_add"), page)
    assert answer.status_code == 200 and "Send this one again" in answer.context["errors"][0][0]
    assert "&lt;li&gt;two" in answer.content.decode()
