"""The first page of the desk tells each what waits for them, in few questions, and nothing that is not theirs."""

import datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from articles.editing.next_version import keep_next
from articles.editing.snapshot import take
from articles.models import Article, Autosave, NextVersion
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


def test_what_is_past_its_time_and_not_out_is_an_alarm(editor, reporter):
    now, hour = timezone.now(), datetime.timedelta(hours=1)
    for headline, status, moment in (
        ("Late draft", Status.DRAFT, now - hour), ("Late in review", Status.IN_REVIEW, now - 2 * hour),
        ("In time", Status.DRAFT, now + hour), ("Out", Status.PUBLISHED, now - hour), ("No time", Status.DRAFT, None),
    ):  # fmt: skip
        article = make_article(headline=headline, status=status)
        Article.objects.filter(pk=article.pk).update(
            publish_at=moment or (now - hour if status == "published" else None)
        )
    assert told(editor)["Past their time and not out"] == ["Late in review", "Late draft"]
    assert "Past their time and not out" not in told(reporter)


def test_what_one_has_typed_and_not_saved_leads_back_to_it(client, editor, reporter):
    article = make_article(status=Status.DRAFT, created_by=editor)
    for fields in ({"story": article.pk}, {"story": 999}, {"slot": "a"}, {"slot": "b"}):
        Autosave.objects.create(user=editor, data={"headline": [f"Typed {fields}"]}, **fields)
    assert len(told(editor)["Typed and not saved"]) == 4
    assert "Typed and not saved" not in told(reporter)
    client.force_login(editor)
    (panel,) = [panel for panel in panels(editor) if panel.heading == "Typed and not saved"]
    for url, words, _ in panel.rows:
        page = client.get(url).content.decode()
        assert words.replace("'", "&#x27;") in page and "typed and not saved" in page


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


def test_what_will_go_live_and_what_could_not_stand_there(editor):
    for headline, fields in (
        ("Will change", {"due_at": timezone.now() + datetime.timedelta(hours=1)}),
        ("Has not changed", {}),
    ):
        article = make_article(headline=headline)
        article.record(editor)
        keep_next(
            article,
            take(article) | {"headline": f"{headline}, later"},
            editor,
            seen=article.version,
            live=article.version,
            **fields,
        )
    NextVersion.objects.filter(due_at=None).update(refusal="The address is taken.")
    assert told(editor)["Scheduled next"] == ["Will change, later (next version)"]
    assert told(editor)["Next versions that cannot go live"] == ["Has not changed"]


@pytest.mark.parametrize("address", ["/admin/", "/admin/articles/frontpagestory/"])
def test_it_is_said_whose_times_these_are(client, administrator, settings, address):
    client.force_login(administrator)
    assert f"Times are the newsroom’s: {settings.TIME_ZONE}." in client.get(address).content.decode()


def test_the_desk_is_ordered_by_what_people_do_there_and_not_by_the_names_of_packages(client, administrator):
    client.force_login(administrator)
    apps = [app["name"] for app in client.get(reverse("admin:index")).context["app_list"]]
    assert apps[:4] == ["Journalism", "Comments", "Sponsors", "The site"] and "Background work" in apps
