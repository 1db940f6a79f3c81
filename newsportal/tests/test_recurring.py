"""What is done again and again: at its time, by one of many, without cron."""

import datetime
import threading

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.utils import timezone

from articles.models import Reads
from articles.reads import most_read
from articles.tests.factories import make_article
from newsportal import background, backlog, recurring
from newsportal.recurring import JOBS, do_what_is_due

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def done(monkeypatch):
    done: list[str] = []
    jobs = {"often": (5 * MINUTE, lambda: done.append("often")), "seldom": (60 * MINUTE, lambda: done.append("seldom"))}
    monkeypatch.setattr(recurring, "JOBS", jobs)
    return done


@pytest.mark.django_db
def test_each_is_done_when_it_is_due_and_not_before(done, django_assert_num_queries):
    now = timezone.now()
    assert do_what_is_due(now) == ["often", "seldom"]
    with django_assert_num_queries(1):
        assert do_what_is_due(now + 4 * MINUTE) == []
    assert do_what_is_due(now + 5 * MINUTE) == ["often"]
    assert do_what_is_due(now + 60 * MINUTE) == ["often", "seldom"]
    assert done == ["often", "seldom", "often", "often", "seldom"]


@pytest.mark.django_db
def test_one_that_breaks_stops_no_other_and_is_tried_again(done, monkeypatch):
    def broken():
        raise DatabaseError("a value")

    monkeypatch.setitem(recurring.JOBS, "often", (5 * MINUTE, broken))
    now = timezone.now()
    assert do_what_is_due(now) == ["seldom"]
    monkeypatch.setitem(recurring.JOBS, "often", (5 * MINUTE, lambda: done.append("often")))
    assert do_what_is_due(now + 5 * MINUTE) == ["often"]


@pytest.mark.django_db(transaction=True)
def test_of_many_that_look_at_once_one_does_it(done):
    start, now = threading.Barrier(4), timezone.now()

    def work():
        start.wait()
        try:
            do_what_is_due(now)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == ["often", "seldom"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", ["a request", "a process of its own"])
def test_lists_are_made_without_cron(client, settings, monkeypatch, by):
    article = make_article()
    Reads.objects.add({article.pk: 3})
    if by == "a request":
        settings.BACKGROUND_WORKER = "thread"
        monkeypatch.setattr(background.in_process, "looked_at", -float("inf"))
        client.get("/healthz")
        assert background.in_process.wait(30)
    else:
        call_command("background_worker", "--once", verbosity=0)
    assert list(most_read.top(most_read.DAY, 5)) == [article]


@pytest.mark.django_db
def test_everything_that_recurs_can_be_done_twice():
    make_article()
    for _, do in JOBS.values():
        do()
        do()


@pytest.mark.django_db
def test_one_look_at_a_clock_that_was_wrong_puts_nothing_off_for_years(done):
    now = timezone.now()
    assert do_what_is_due(now + datetime.timedelta(days=2000)) == ["often", "seldom"]
    assert do_what_is_due(now) == ["often", "seldom"]
    # A clock that is a little behind another is right.
    assert do_what_is_due(now - MINUTE) == []


@pytest.mark.django_db
def test_what_recurs_no_more_is_not_late(done, settings):
    now = timezone.now()
    settings.PURGE = "varnish"
    assert do_what_is_due(now - 30 * MINUTE) == ["often", "seldom", "what the CDN was not told"]
    assert backlog.recurring_late() == pytest.approx(29 * 60, abs=5)
    settings.PURGE = "none"
    assert backlog.recurring_late() == pytest.approx(25 * 60, abs=5)
    # As another release names it.
    del recurring.JOBS["often"]
    assert backlog.recurring_late() == 0
