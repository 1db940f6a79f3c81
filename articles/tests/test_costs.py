"""What a page costs: a fixed number of queries, the same in a small archive and in a large one."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article, Byline, Contributor, Section, Tag, TaggedArticle
from articles.tests.factories import make_article, make_contributor, make_section, make_tag
from articles.workflow import Status

pytestmark = pytest.mark.django_db

# Of each, one asks whether a next version is due, and one for the line of breaking news.
BUDGETS = {"story": 11, "front": 12, "latest": 7, "section": 8, "tag": 8, "author": 8, "month": 7, "most read": 8}


def make_newsroom() -> tuple[list[Section], list[Contributor], list[Tag]]:
    sections = [make_section() for _ in range(7)]
    contributors = [make_contributor() for _ in range(3)]
    tags = [make_tag() for _ in range(5)]
    return sections, contributors, tags


@pytest.fixture
def newsroom():
    return make_newsroom()


def fill(newsroom, *, stories: int) -> None:
    """Many stories at once, with all that a list shows of them; in bulk, for time's sake."""
    sections, contributors, tags = newsroom
    now = timezone.now()
    start = Article.objects.count()
    articles = Article.objects.bulk_create(
        Article(
            headline=f"Story {number}", slug=f"story-{number}", body="<p>Rain.</p>", body_html="<p>Rain.</p>",
            section=sections[number % 7], status=Status.PUBLISHED, publish_at=now - datetime.timedelta(minutes=number + 1),
            published_on=timezone.localdate(now - datetime.timedelta(minutes=number + 1)),
        )
        for number in range(start, stories)
    )  # fmt: skip
    Byline.objects.bulk_create(
        Byline(article=article, contributor=contributors[index % 3], publish_at=article.publish_at)
        for index, article in enumerate(articles)
    )
    TaggedArticle.objects.bulk_create(
        TaggedArticle(content_object=article, tag=tags[(index + n) % 5], publish_at=article.publish_at)
        for index, article in enumerate(articles)
        for n in range(2)
    )


def queries_of(client, urls: dict[str, str]) -> dict[str, int]:
    counts = {}
    for name, url in urls.items():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        counts[name] = len(queries)
    return counts


def test_every_page_costs_as_many_queries_with_5000_stories_as_with_50(client, newsroom):
    sections, contributors, tags = newsroom
    counts = []
    for stories in (50, 5_000):
        fill(newsroom, stories=stories)
        story = Article.objects.public().newest_first()[20]
        story.correct(None, "A correction.")
        urls = {
            "story": story.get_absolute_url(),
            "front": "/",
            "latest": "/latest/",
            "section": sections[0].get_absolute_url(),
            "tag": tags[0].get_absolute_url(),
            "author": contributors[0].get_absolute_url(),
            "month": f"/{story.published_on:%Y/%m}/",
            "most read": "/most-read/",
        }
        counts.append(queries_of(client, urls))
    assert counts[0] == counts[1]
    over = {name: count for name, count in counts[1].items() if count > BUDGETS[name]}
    assert not over


def test_a_crowded_story_costs_no_more_than_a_bare_one(client):
    bare = make_article()
    crowded = make_article(
        tags=tuple(f"Tag {n}" for n in range(8)), bylines=tuple((make_contributor(), "written") for _ in range(5))
    )
    for number in range(10):
        make_article(tags=(f"Tag {number}",), bylines=((make_contributor(), "written"),))
    counts = queries_of(client, {"bare": bare.get_absolute_url(), "crowded": crowded.get_absolute_url()})
    assert counts["crowded"] <= BUDGETS["story"]
    assert counts["bare"] <= counts["crowded"]
