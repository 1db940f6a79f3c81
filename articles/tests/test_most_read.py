"""Most read: lists that are made now and then, stored, and looked up by pages."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article, RankedStory, Reads
from articles.models.ranked import STALE
from articles.reads.most_read import DAY, WEEK, rank, top
from articles.tests.archive import fill
from articles.tests.factories import make_article, make_contributor, make_section, make_tag

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)


def read(article: Article, times: int, *, hours_ago: int = 0) -> Article:
    Reads.objects.add({article.pk: times}, at=timezone.now() - hours_ago * HOUR)
    return article


def test_a_day_and_a_week_have_lists_of_their_own(client):
    old = read(make_article(headline="Read last week"), 9, hours_ago=30)
    new = read(make_article(headline="Read today"), 3)
    read(make_article(headline="Read long ago"), 99, hours_ago=8 * 24)
    rank(DAY)
    rank(WEEK)
    assert list(top(DAY, 5)) == [new]
    assert list(top(WEEK, 5)) == [old, new]
    page = client.get("/most-read/").content.decode()
    assert page.index("Read last week") < page.rindex("Read today")
    assert "Read long ago" not in page


def test_a_withdrawn_story_leaves_the_list_at_once_and_no_hole(client):
    stories = [read(make_article(headline=f"Story <{n}>"), 20 - n) for n in range(8)]
    rank(DAY)
    assert list(top(DAY, 5)) == stories[:5]
    stories[1].withdraw(None)
    assert list(top(DAY, 5)) == [stories[0], *stories[2:6]]
    assert "Story &lt;1&gt;" not in client.get("/most-read/").content.decode()


def test_where_nothing_was_read_nothing_is_shown(client):
    make_article()
    rank(DAY)
    page = client.get("/").content.decode()
    assert "top-list" in page and '<section class="top-list"' not in page and "Most read</h2>" not in page
    assert "Nothing has been counted yet." in client.get("/most-read/").content.decode()


def test_a_list_that_nobody_has_made_anew_for_long_is_not_shown(time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    read(make_article(), 1)
    rank(DAY)
    time_machine.shift(STALE - HOUR)
    assert top(DAY, 5)
    time_machine.shift(HOUR)
    assert not top(DAY, 5)


def test_making_it_anew_replaces_it():
    one, other = read(make_article(), 2), read(make_article(), 1)
    rank(DAY)
    read(other, 5)
    rank(DAY)
    assert list(top(DAY, 5)) == [other, one]
    assert RankedStory.objects.count() == 2


def test_the_front_page_shows_both_lists_and_leads_on(client):
    read(make_article(headline="Read a lot"), 1)
    rank(DAY)
    page = client.get("/").content.decode()
    assert re.search(r'<h2 class="rail-name" id="most-read"><a href="/most-read/">Most read</a></h2>', page)


@pytest.mark.parametrize("analyzed", [True, False])
def test_a_page_looks_up_a_few_rows_however_large_the_archive(analyzed):
    fill(([make_section() for _ in range(7)], [make_contributor()] * 3, [make_tag() for _ in range(5)]), stories=2_000)
    Reads.objects.add({pk: pk for pk in Article.objects.values_list("pk", flat=True)})
    rank(DAY)
    with connection.cursor() as cursor:
        if analyzed or connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
        with CaptureQueriesContext(connection) as queries:
            assert len(top(DAY, 5)) == 5
        cursor.execute(
            ("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + queries[-1]["sql"]
        )
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert not re.search(r"INDEX article_listing|using article_listing|SCAN|Seq Scan on articles_article", plan), plan
