"""What a page costs: a fixed number of queries, the same in a small archive and in a large one."""

import pytest

from articles.models import Article
from articles.tests.archive import fill, queries_of
from articles.tests.factories import make_article, make_contributor

pytestmark = pytest.mark.django_db

# Of each, one asks whether a next version is due, and one for the line of breaking news.
BUDGETS = {"story": 11, "front": 12, "latest": 7, "section": 8, "tag": 8, "author": 8, "month": 7, "most read": 8}


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
