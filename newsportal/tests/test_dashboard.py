"""The first page of the desk tells each what waits for them, in few questions, and nothing that is not theirs."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from articles.models import Article
from articles.tests.factories import make_article, make_image
from articles.workflow import Status
from comments.tests.factories import make_comment
from newsportal.dashboard import panels

pytestmark = pytest.mark.django_db


def told(user) -> dict[str, list[str]]:
    user = User.objects.get(pk=user.pk)  # without the permissions that it remembers
    return {panel.heading: [words for _, words, _ in panel.rows] for panel in panels(user)}


def test_each_is_told_what_is_theirs(editor, reporter, moderator, administrator, outsider):
    make_article(status=Status.DRAFT, headline="Reporter's draft", created_by=reporter)
    make_article(status=Status.IN_REVIEW, headline="To be read", created_by=reporter)
    make_article(headline="Tomorrow", publish_at=timezone.now() + datetime.timedelta(days=1))
    make_article(headline="Out already")
    make_comment()
    assert told(reporter) == {"Mine": ["To be read", "Reporter's draft"]}
    assert told(editor) == {
        "Mine": [], "Waiting for review": ["To be read"], "Scheduled next": ["Tomorrow"], "Comments": ["Waiting"],
    }  # fmt: skip
    assert told(moderator) == {"Comments": ["Waiting"]}
    assert told(outsider) == {}
    assert set(told(administrator)) == {"Mine", "Waiting for review", "Scheduled next", "Comments"}


def test_what_is_wrong_is_an_alarm(administrator, editor):
    image = make_image(title="Harbour", rights_until=timezone.localdate() + datetime.timedelta(days=2))
    DBTaskResult.objects.create(
        task_path="comments.notifications.send_confirmation", args_kwargs={}, backend_name="default", status="FAILED",
        finished_at=timezone.now(), exception_class_path="", traceback="",
    )  # fmt: skip
    assert told(administrator)["Rights that end or have ended"] == [image.title]
    assert told(administrator)["Work that failed since yesterday"] == ["send_confirmation"]
    assert "Work that failed since yesterday" not in told(editor)


def test_it_costs_the_same_with_many_stories(client, administrator):
    client.force_login(administrator)
    costs = []
    for count in (1, 30):
        for number in range(count):
            make_article(status=Status.IN_REVIEW, headline=f"Story {count} {number}", created_by=administrator)
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/admin/").content.decode()
        costs.append(len(queries))
    assert costs[0] == costs[1]
    assert page.count("Story 30") <= 2 * 8 + 10
    assert Article.objects.count() == 31


def test_a_headline_is_text(client, administrator):
    make_article(status=Status.DRAFT, headline="<script>alert(1)</script>", created_by=administrator)
    client.force_login(administrator)
    assert "<script>alert(1)" not in client.get("/admin/").content.decode()
