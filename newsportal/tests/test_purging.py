"""The CDN is told what has changed: once for each commit, once more, and until it has heard. Against a server that listens."""

import json
import logging
import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from articles.caching.editions import NEWEST, SITE
from articles.models import Section
from articles.tests.factories import make_article, make_section
from articles.workflow import Status
from comments.tests.factories import make_comment
from newsportal import background, backlog, recurring
from newsportal.models import Purge
from newsportal.purging import calls, sender, waiting
from newsportal.tests.cdn import Cdn
from newsportal.tests.served import Served

pytestmark = pytest.mark.django_db(transaction=True)

TOKEN = "a-word-that-stands-in-no-log"


@pytest.fixture
def cdn(settings, monkeypatch):
    cdn = Cdn()
    settings.PURGE, settings.VARNISH_URLS, settings.SHARED_CACHE_SECONDS = "varnish", [cdn.url], 86_400
    settings.FASTLY_URL, settings.FASTLY_SERVICE_ID, settings.FASTLY_TOKEN = cdn.url, "SU1Z0isxPaozGVKXdv0eY", TOKEN
    settings.CLOUDFLARE_URL, settings.CLOUDFLARE_ZONE_ID, settings.CLOUDFLARE_TOKEN = cdn.url, "023e105f4ecef8", TOKEN
    # Long enough for tests to look between the first time and the second.
    monkeypatch.setattr(sender, "REPEAT_AFTER", 0.3)
    yield cdn
    assert sender.sender.wait(30)
    cdn.close()


@pytest.fixture
def story(cdn):
    story = make_article(section=make_section(name="Harbours"))
    # Its share card, too.
    background.drain()
    settled(cdn)
    return story


def settled(cdn: Cdn | None = None) -> None:
    """All that waits has been told, and told once more."""
    assert sender.sender.wait(30)
    assert not Purge.objects.exists()
    if cdn:
        cdn.calls.clear()


def keys(call) -> set[str]:
    return set(call.headers["xkey-softpurge"].split())


def jobs(status: TaskResultStatus):
    return DBTaskResult.objects.filter(task_path__endswith="purging.sender.purge", status=status)


# --- What is told -----------------------------------------------------------------------------------------------------


def test_a_commit_is_one_call_with_what_it_touched_and_the_same_once_more(cdn, story):
    with transaction.atomic():
        make_comment(article=story, status="published")
        story.correct(None, "It was dry.")
    settled()
    assert [call.method for call in cdn.calls] == ["PURGE", "PURGE"]
    assert keys(cdn.calls[0]) == keys(cdn.calls[1]) >= {f"story-{story.pk}"}


def test_the_keys_are_those_that_were_counted(cdn, story):
    from newsportal.tests.served import numbers

    before = numbers()
    make_comment(article=story, status="published")
    settled()
    touched = {key for key, number in numbers().items() if number != before.get(key, 0)} - {"any"}
    assert touched and set().union(*map(keys, cdn.calls)) == touched


def test_what_is_rolled_back_is_told_to_nobody(cdn, story):
    with pytest.raises(RuntimeError), transaction.atomic():
        Section.objects.update(name="Ports")
        raise RuntimeError
    settled()
    assert cdn.calls == []
    Section.objects.update(name="Ports")
    settled()
    assert [keys(call) for call in cdn.calls] == [{SITE}, {SITE}]


def test_drafts_and_what_waits_unseen_are_told_to_nobody(cdn, story, editor):
    draft = make_article(status=Status.DRAFT, section=story.section)
    draft.headline = "A better draft"
    draft.save()
    draft.submit(editor)
    assert make_comment(article=story).status == "pending"
    settled()
    assert cdn.calls == []


def test_a_burst_of_commits_is_few_calls(cdn, story):
    held, go = threading.Event(), threading.Event()

    def hold():
        held.set()
        assert go.wait(20)

    cdn.on_call = hold
    Section.objects.update(name="Ports")
    assert held.wait(20)
    for number in range(10):
        make_article(section=story.section, headline=f"Story {number}")
    go.set()
    settled()
    # The first; the ten together; and both once more.
    assert 3 <= len(cdn.calls) <= 4
    assert NEWEST in keys(cdn.calls[1])


def test_very_many_keys_are_all_pages(cdn, monkeypatch):
    monkeypatch.setattr(sender, "MANY", 5)
    with transaction.atomic():
        connection.touched |= {f"story-{pk}" for pk in range(6)}
    settled()
    assert keys(cdn.calls[0]) == {SITE}


def test_editing_neither_waits_nor_fails(cdn, story, monkeypatch):
    answered, go = threading.Event(), threading.Event()
    cdn.on_call = lambda: go.wait(20) and answered.set()
    story.withdraw(None)
    assert not answered.is_set(), "nobody has answered yet"
    go.set()
    settled()
    monkeypatch.setattr(calls, "TIMEOUT", 0.2)
    cdn.on_call, cdn.pause = (lambda: None), 1.0
    story.publish(None)
    assert sender.sender.wait(30)
    assert Purge.objects.exists()
    cdn.pause = 0.0
    Section.objects.update(name="Ports")
    settled()


def test_without_a_cdn_nothing_is_written_asked_or_told(cdn, story, settings):
    settings.PURGE = "none"
    with CaptureQueriesContext(connection) as queries:
        Section.objects.update(name="Ports")
    assert not [query for query in queries.captured_queries if waiting.TABLE in query["sql"]]
    assert cdn.calls == [] and not Purge.objects.exists()


def test_telling_is_one_query_more_for_each_commit(cdn, story, settings):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            Section.objects.update(name="Ports")
        settled()
        return len(queries)

    with_cdn = cost()
    settings.PURGE = "none"
    # Whether there is the table, and the row.
    assert with_cdn == cost() + 2


# --- How each CDN is told ---------------------------------------------------------------------------------------------


def test_varnish(cdn, settings):
    other = Cdn()
    settings.VARNISH_URLS = [cdn.url, other.url]
    settings.PURGE_SOFT = False
    Section.objects.create(name="Ports", slug="ports")
    settled()
    for varnish in (cdn, other):
        assert [(call.method, call.path, call.headers["xkey-purge"]) for call in varnish.calls] == [
            ("PURGE", "/", SITE)
        ] * 2
    # One that is down keeps no other from being told, and is told later.
    cdn.calls.clear()
    other.close()
    settings.VARNISH_URLS.reverse()
    Section.objects.update(name="Harbours")
    assert sender.sender.wait(30)
    assert len(cdn.calls) == 1 and Purge.objects.exists()


def test_fastly(cdn, settings):
    settings.PURGE = "fastly"
    Section.objects.create(name="Ports", slug="ports")
    settled()
    call = cdn.calls[0]
    assert (call.method, call.path) == ("POST", f"/service/{settings.FASTLY_SERVICE_ID}/purge")
    assert (call.headers["fastly-key"], call.headers["surrogate-key"]) == (TOKEN, SITE)
    assert call.headers["fastly-soft-purge"] == "1"
    settings.PURGE_SOFT = False
    Section.objects.update(name="Harbours")
    settled()
    assert "fastly-soft-purge" not in cdn.calls[-1].headers


def test_cloudflare(cdn, settings):
    settings.PURGE = "cloudflare"
    Section.objects.create(name="Ports", slug="ports")
    settled()
    call = cdn.calls[0]
    assert (call.method, call.path) == ("POST", f"/client/v4/zones/{settings.CLOUDFLARE_ZONE_ID}/purge_cache")
    assert call.headers["authorization"] == f"Bearer {TOKEN}"
    assert call.headers["content-type"] == "application/json"
    assert json.loads(call.body) == {"tags": [SITE]}


@pytest.mark.parametrize("answer", [b'{"success": false, "errors": [{"code": 1}]}', b"<html>", b"[]", b""])
def test_cloudflare_is_not_believed_to_have_done_what_it_does_not_say(cdn, settings, answer):
    settings.PURGE, cdn.answer = "cloudflare", answer
    Section.objects.create(name="Ports", slug="ports")
    assert sender.sender.wait(30)
    assert Purge.objects.exists() and jobs(TaskResultStatus.READY).count() == 1


@pytest.mark.parametrize(("back_end", "most"), [("varnish", 200), ("fastly", 256), ("cloudflare", 100)])
def test_what_one_call_does_not_take_is_several(cdn, settings, back_end, most):
    settings.PURGE = back_end
    wanted = {f"story-{pk}" for pk in range(600)}
    with transaction.atomic():
        connection.touched |= wanted
    settled()

    def told(call) -> list[str]:
        if back_end == "cloudflare":
            return json.loads(call.body)["tags"]
        return call.headers["surrogate-key" if back_end == "fastly" else "xkey-softpurge"].split()

    assert len(cdn.calls) == 2 * -(-600 // most)
    assert all(len(told(call)) <= most for call in cdn.calls)
    first = [key for call in cdn.calls[: len(cdn.calls) // 2] for key in told(call)]
    assert len(first) == 600 and set(first) == wanted


HEADERS = {
    "varnish": {"Cache-Control": "public, max-age=0, s-maxage=60, stale-if-error=86400", "xkey": "site lists newest cards counts"},
    "fastly": {
        "Cache-Control": "public, no-cache", "Surrogate-Control": "max-age=60, stale-if-error=86400",
        "Surrogate-Key": "site lists newest cards counts",
    },
    "cloudflare": {
        "Cache-Control": "public, no-cache", "Cloudflare-CDN-Cache-Control": "max-age=60, stale-if-error=86400",
        "Cache-Tag": "site,lists,newest,cards,counts",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_pages_say_what_they_show_and_how_long_they_last_in_the_words_of_the_cdn(cdn, settings, name):
    settings.PURGE, settings.DEBUG = name, False
    from newsportal.purging import back_end

    served = Served(shared_seconds=60, tags=back_end().TAGS, control=back_end().CONTROL)
    page = served.get("/")
    assert {header: page.headers.get(header) for header in HEADERS[name]} == HEADERS[name]
    assert len([header for header in page.headers if header.lower() in {"xkey", "surrogate-key", "cache-tag"}]) == 1
    if back_end().CONTROL:
        for url in ("/search/?q=x", "/nowhere/", "/admin/login/"):
            assert served.get(url).headers[back_end().CONTROL] == "max-age=0", url
        assert "private" in served.get("/comments/yours/").headers["Cache-Control"]


# --- When it cannot be told -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 503, 302])
def test_what_could_not_be_told_is_told_again(cdn, story, status, time_machine):
    cdn.statuses, cdn.location = [status], "http://127.0.0.1:1/" if status == 302 else ""
    Section.objects.update(name="Ports")
    assert sender.sender.wait(30)
    assert len(cdn.calls) == 1 and jobs(TaskResultStatus.READY).count() == 1
    background.drain()
    assert len(cdn.calls) == 1, "not before its time"
    time_machine.move_to(timezone.now() + timezone.timedelta(minutes=1))
    background.drain()
    settled()
    assert [keys(call) for call in cdn.calls] == [{SITE}] * 3
    assert not jobs(TaskResultStatus.READY).exists() and not jobs(TaskResultStatus.FAILED).exists()


def test_the_next_commit_tells_what_the_last_could_not(cdn, story):
    cdn.statuses = [503]
    Section.objects.update(name="Ports")
    assert sender.sender.wait(30)
    make_comment(article=story, status="published")
    settled()
    assert SITE in keys(cdn.calls[1]) and f"story-{story.pk}" in keys(cdn.calls[1])


def test_a_cdn_that_stays_away_is_given_up_for_the_desk_to_see(cdn, story, time_machine, caplog):
    cdn.statuses = [500] * 100
    now = timezone.now()
    Section.objects.update(name="Ports")
    assert sender.sender.wait(30)
    for day in range(1, 12):
        time_machine.move_to(now + timezone.timedelta(days=day))
        background.drain()
    assert len(cdn.calls) == len(sender.PAUSES) + 1
    assert jobs(TaskResultStatus.FAILED).count() == 1 and not jobs(TaskResultStatus.READY).exists()
    assert "Given up" in caplog.text
    # By then it is not there any more.
    cdn.statuses.clear()
    sender.every_minute()
    settled()


def test_a_cdn_that_refuses_is_seen_at_the_desk_at_once_and_asked_again_later(cdn, story, time_machine):
    cdn.statuses = [403] * 2
    now = timezone.now()
    Section.objects.update(name="Ports")
    assert sender.sender.wait(30)
    time_machine.move_to(now + timezone.timedelta(minutes=1))
    background.drain()
    (failed,) = jobs(TaskResultStatus.FAILED)
    assert "it answered 403" in failed.traceback
    time_machine.move_to(now + timezone.timedelta(minutes=5))
    background.drain()
    settled()


@pytest.mark.parametrize("name", ["fastly", "cloudflare"])
def test_the_token_stands_nowhere(cdn, settings, name, time_machine, caplog, capfd):
    settings.PURGE = name
    caplog.set_level(logging.DEBUG)
    now = timezone.now()
    for status in (401, 500, 302):
        cdn.statuses, cdn.location = [status] * 20, "http://127.0.0.1:1/" if status == 302 else ""
        Section.objects.create(name=f"Ports {status}", slug=f"ports-{status}")
        assert sender.sender.wait(30)
        now += timezone.timedelta(minutes=1)
        time_machine.move_to(now)
        background.drain()
    assert any(TOKEN in " ".join(call.headers.values()) for call in cdn.calls)
    written = "".join(
        str(row) for row in DBTaskResult.objects.values_list("args_kwargs", "traceback", "exception_class_path")
    )
    assert TOKEN not in caplog.text + written + "".join(capfd.readouterr())
    assert "401" in caplog.text


def test_no_other_machine_is_asked(cdn, story, settings):
    elsewhere = Cdn()
    cdn.statuses, cdn.location = [302], elsewhere.url
    Section.objects.update(name="Ports")
    assert sender.sender.wait(30)
    assert len(cdn.calls) == 1 and elsewhere.calls == []
    elsewhere.close()


# --- Many processes, and those that are killed ------------------------------------------------------------------------


def test_what_a_killed_process_left_is_told_by_another(cdn, story, monkeypatch, time_machine):
    monkeypatch.setattr(sender.sender, "wake", lambda: None)
    Section.objects.update(name="Ports")
    # It was killed before it could say so, and a second one while it said so.
    waiting.claim()
    monkeypatch.undo()
    monkeypatch.setattr(sender, "REPEAT_AFTER", 0.1)
    sender.every_minute()
    assert sender.sender.wait(30) and cdn.calls == []
    time_machine.move_to(timezone.now() + timezone.timedelta(seconds=waiting.CLAIM + 1))
    monkeypatch.setattr(recurring, "JOBS", {})
    assert recurring.do_what_is_due() == ["what the CDN was not told"]
    settled()
    assert [keys(call) for call in cdn.calls] == [{SITE}] * 2


def test_what_a_clock_that_was_ahead_has_touched_is_told_and_seen_to_be_late(cdn, story, monkeypatch, time_machine):
    monkeypatch.setattr(sender.sender, "wake", lambda: None)
    now = timezone.now()
    time_machine.move_to(now + timezone.timedelta(days=2000))
    Section.objects.update(name="Ports")
    time_machine.move_to(now)
    monkeypatch.undo()
    monkeypatch.setattr(sender, "REPEAT_AFTER", 0.1)
    assert backlog.late_purges().exists()
    # It can be late, or too old to be at the CDN, like any other from the first attempt on.
    cdn.statuses = [500]
    sender.every_minute()
    assert sender.sender.wait(30)
    assert len(cdn.calls) == 1 and not backlog.late_purges().exists()
    time_machine.move_to(now + timezone.timedelta(minutes=5))
    assert backlog.late_purges().exists()
    background.drain()
    settled()
    assert [keys(call) for call in cdn.calls] == [{SITE}] * 3


def test_what_a_clock_that_is_a_little_ahead_has_claimed_is_left_to_it(cdn, story, monkeypatch, time_machine):
    monkeypatch.setattr(sender.sender, "wake", lambda: None)
    now = timezone.now()
    time_machine.move_to(now + timezone.timedelta(seconds=waiting.CLAIM - 5))
    Section.objects.update(name="Ports")
    claim = waiting.claim()
    time_machine.move_to(now)
    assert waiting.next_due(within=1.0) is None and not waiting.claim().keys
    assert not backlog.late_purges().exists()
    waiting.told(claim, repeat_in=0.0)
    monkeypatch.undo()
    sender.sender.wake()
    settled()


def test_of_many_that_look_at_once_one_tells(cdn, story, monkeypatch):
    monkeypatch.setattr(sender.sender, "wake", lambda: None)
    Section.objects.update(name="Ports")
    senders = [sender.Sender() for _ in range(4)]
    for one in senders:
        one.wake()
    for one in senders:
        assert one.wait(30)
    assert len(cdn.calls) == 2


def test_what_was_touched_before_pages_went_by_themselves_is_forgotten(cdn, story, time_machine):
    cdn.statuses = [500]
    Section.objects.update(name="Ports")
    assert sender.sender.wait(30)
    DBTaskResult.objects.all().delete()
    time_machine.move_to(timezone.now() + timezone.timedelta(hours=26))
    sender.every_minute()
    settled()
    assert len(cdn.calls) == 1
