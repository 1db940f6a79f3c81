"""What Prometheus reads: only with the token, the same whichever process is asked, and cheap where the archive is large."""

import datetime
import re
import time

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from articles.models import Article
from articles.tests.factories import make_article
from articles.workflow import Status
from comments.tests.factories import make_comment
from newsportal import backlog
from newsportal.models import Purge
from newsportal.tests import nodes
from newsportal.tests.jobs import note
from newsportal.tests.metrics_page import TOKEN, numbers


@pytest.mark.django_db
def test_without_a_token_there_are_none(client):
    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer é"])
def test_nobody_reads_them_who_has_not_the_token(settings, given):
    settings.METRICS_TOKEN = TOKEN
    response = Client().get("/metrics", headers={"authorization": given} if given else {})
    assert response.status_code == 401
    assert response["Cache-Control"] == "no-store"
    assert b"newsportal_" not in response.content


@pytest.mark.django_db(transaction=True)
def test_two_processes_say_the_same_of_both(tmp_path):
    pytest.importorskip("prometheus_client")
    make_article()
    environment = {"METRICS_TOKEN": TOKEN, "METRICS_FOLDER": str(tmp_path / "numbers"), "CACHE_URL": "locmemcache://"}
    with nodes.running(2, **environment) as ports:
        first, second = ports
        for port in (first, first, second):
            assert nodes.ask(port, "/latest/")[0] == 200
        assert nodes.ask(second, "/nowhere/")[0] == 404
        for port in ports:
            status, headers, page = nodes.ask(port, "/metrics", Authorization=f"Bearer {TOKEN}")
            assert (status, headers["Cache-Control"]) == (200, "no-store")
            found = numbers(page)
            # The first process made the page once and sent it once more from memory; the second made it.
            assert found['newsportal_requests_total{status="200",view="latest"}'] == 2
            assert found['newsportal_requests_total{status="404",view="none"}'] == 1
            assert found['newsportal_request_seconds_count{view="latest"}'] == 2
            assert found['newsportal_page_cache_total{outcome="hit"}'] == 1
            assert found['newsportal_page_cache_total{outcome="miss"}'] == 3
            assert found["newsportal_database_up"] == 1
            assert found["newsportal_comments_pending"] == 0
        assert nodes.ask(first, "/metrics")[0] == 401


def test_a_database_that_is_away_is_a_number_too(tmp_path):
    pytest.importorskip("prometheus_client")
    environment = {"METRICS_TOKEN": TOKEN, "METRICS_FOLDER": str(tmp_path), "CACHE_URL": "locmemcache://"}
    with nodes.running(1, DATABASE_URL=f"sqlite:///{tmp_path}/none/db.sqlite3", **environment) as (port,):
        status, _, page = nodes.ask(port, "/metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert numbers(page)["newsportal_database_up"] == 0
    assert "newsportal_comments_pending" not in numbers(page)


@pytest.fixture
def waits(db, editor):
    """One of everything that waits, an hour old."""
    hour_ago = timezone.now() - datetime.timedelta(hours=1)
    late = make_article(status=Status.DRAFT)
    Article.objects.filter(pk=late.pk).update(publish_at=hour_ago)
    comment = make_comment(status="pending")
    type(comment).objects.filter(pk=comment.pk).update(created_at=hour_ago)
    DBTaskResult.objects.all().delete()
    jobs = [note.enqueue(f"job {number}").id for number in range(5)]
    for job, fields in zip(
        jobs,
        (
            {"enqueued_at": hour_ago},
            {"status": "RUNNING", "started_at": hour_ago},
            {"status": "FAILED", "finished_at": hour_ago},
            {"run_after": timezone.now() + datetime.timedelta(hours=1), "args_kwargs": {"args": [1], "kwargs": {"attempt": 2}},
             "task_path": "comments.notifications.send_confirmation"},
            {"status": "FAILED", "finished_at": hour_ago - datetime.timedelta(days=2)},
        ),
        strict=True,
    ):  # fmt: skip
        DBTaskResult.objects.filter(pk=job).update(**fields)
    for touched_at in (time.time(), time.time() - 3600):
        Purge.objects.create(key="site", touched_at=touched_at, due_at=touched_at, is_repeat=False)


def test_what_waits_is_counted(waits):
    found = backlog.look()
    assert (found.jobs_waiting, found.jobs_running, found.jobs_failed, found.jobs_tried_again) == (1, 1, 1, 1)
    assert (found.stories_late, found.comments_pending, found.purges_late) == (1, 1, 1)
    assert 3600 <= found.jobs_waiting_seconds < 3700 and 3600 <= found.comments_pending_seconds < 3700
    assert backlog.undelivered_letters().count() == 1
    assert set(found.numbers()) == set(backlog.WORDS) == set(found.__dataclass_fields__)


@pytest.mark.django_db
def test_where_nothing_waits_all_are_zero():
    make_article()
    DBTaskResult.objects.all().delete()
    assert set(vars(backlog.look()).values()) == {0}


def test_it_costs_a_fixed_number_of_questions_over_indexes(waits, django_assert_num_queries):
    with django_assert_num_queries(13):
        backlog.look()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Of so few rows it reads all.
            cursor.execute("SET LOCAL enable_seqscan = off")
    for rows in (
        backlog.failed_jobs(),
        backlog.letters_given_up(),
        backlog.pending_comments(),
        backlog.late_stories(),
        backlog.late_next_versions(),
    ):
        assert re.search("USING .*INDEX|Index (Only )?Scan|Bitmap Index", rows.order_by().values("pk").explain())
