"""Reads at the desk: a reporter sees their own, an editor all; numbers as a picture and as a table."""

import datetime
import re
import xml.etree.ElementTree as ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Reads
from articles.models.reads import Span
from articles.reads.chart import HEIGHT, chart_of_days, chart_of_hours
from articles.tests.factories import make_article

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/article/"
PAGE = f"{LIST}reads/"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def stories(reporter):
    """One of the reporter's, one of a colleague's: read 7 and 4321 times."""
    own, other = make_article(headline="My own", created_by=reporter), make_article(headline="A colleague’s")
    Reads.objects.add({own.pk: 5, other.pk: 4321})
    Reads.objects.add({own.pk: 2}, at=timezone.now() - 48 * HOUR)
    return own, other


def change(article) -> str:
    return f"{LIST}{article.pk}/change/"


def test_a_reporter_sees_only_their_own_numbers_wherever_they_look(client, reporter, stories):
    own, other = stories
    client.force_login(reporter)
    listed = client.get(LIST).content.decode()
    assert "5 · 7 · 7" in listed
    screen = client.get(change(own)).content.decode()
    assert "<b>5</b> in the last 24 hours" in screen and "<b>7</b> in all" in screen
    page = client.get(PAGE).content.decode()
    assert "My own" in page and "Of your own stories" in page
    for seen in (listed, page, client.get(change(other)).content.decode()):
        assert "4321" not in seen and "4,321" not in seen and "4326" not in seen
    assert "A colleague" not in page
    assert 'aria-labelledby="reads-heading"' not in client.get(change(other)).content.decode()


def test_an_editor_sees_all(client, editor, stories):
    client.force_login(editor)
    page = client.get(PAGE).content.decode()
    assert page.index("A colleague") < page.index("My own")
    assert "4326 reads" in page
    assert "4,321 · 4,321 · 4,321" in client.get(LIST).content.decode()
    assert "<b>4321</b> in all" in client.get(change(stories[1])).content.decode()


@pytest.mark.parametrize("person", ["moderator", "outsider"])
def test_who_has_nothing_to_do_with_stories_sees_no_numbers(client, request, stories, person):
    client.force_login(request.getfixturevalue(person))
    assert client.get(PAGE).status_code in {302, 403}
    client.logout()
    assert client.get(PAGE).status_code == 302


def test_where_reads_are_not_counted_the_desk_says_nothing_of_them(client, editor, stories, settings):
    settings.COUNT_READS = False
    client.force_login(editor)
    assert "4,321" not in client.get(LIST).content.decode()
    assert "reads-heading" not in client.get(change(stories[1])).content.decode()
    assert client.get(PAGE).status_code == 403


def test_the_list_costs_one_query_more_however_many_stories_it_shows(client, editor):
    client.force_login(editor)
    counts = []
    for _ in range(2):
        for _ in range(4):
            Reads.objects.add({make_article().pk: 3})
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(sum("articles_reads" in query["sql"] for query in queries))
    assert counts == [1, 1]


def test_a_draft_has_no_chart_and_an_unread_story_no_empty_one(client, editor):
    client.force_login(editor)
    assert "reads-heading" not in client.get(change(make_article(status="draft"))).content.decode()
    page = client.get(change(make_article())).content.decode()
    assert "<b>0</b> in all" in page and "<svg" not in page.split("reads-heading")[-1].split("</fieldset>")[0]


def test_the_chart_is_a_picture_with_a_name_and_a_table_beside_it(client, editor, stories):
    client.force_login(editor)
    page = client.get(PAGE).content.decode()
    page = page[page.index("reads-chart") :]
    chart = page[page.index("<svg") : page.index("</svg>") + 6]
    root = ElementTree.fromstring(chart)  # noqa: S314  (our own)
    assert root.get("role") == "img"
    assert re.match(r"The last 24 hours: 4,326 reads; the most, 4,326, \w{3} \d\d:\d\d\.", root.get("aria-label"))
    assert "style=" not in chart
    assert re.search(r"<th scope=\"row\">\w{3} \d\d:\d\d</th><td>4326</td>", page)


def test_bars_are_as_high_as_their_counts():
    now = datetime.datetime(2026, 11, 3, 12, 30, tzinfo=datetime.UTC)
    hour = now.replace(minute=0)
    rows = [(Span.HOUR, hour, 50), (Span.HOUR, hour - HOUR, 100), (Span.HOUR, hour - 23 * HOUR, 1)]
    rows += [(Span.HOUR, hour - 24 * HOUR, 7), (Span.DAY, hour - 9 * 24 * HOUR, 40), (Span.EVER, hour, 999)]
    bars = chart_of_hours(rows, now).bars
    assert [bar.count for bar in bars] == [1, *[0] * 21, 100, 50]
    assert [bar.height for bar in bars[-2:]] == [HEIGHT, HEIGHT / 2]
    assert bars[0].height == 2 and bars[1].height == 0
    days = chart_of_days(rows, now)
    assert days.total == 50 + 100 + 1 + 7 + 40
    assert days.bars[-1].label == "3 Nov"
    assert chart_of_hours([], now).summary == "The last 24 hours: no reads."
