"""Many stories at once, with all that a list shows of them, and what their pages cost."""

from __future__ import annotations

import datetime

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.models import Article, Byline, Contributor, Section, Tag, TaggedArticle
from articles.tests.factories import make_contributor, make_section, make_tag
from articles.workflow import Status


def make_newsroom() -> tuple[list[Section], list[Contributor], list[Tag]]:
    sections = [make_section() for _ in range(7)]
    contributors = [make_contributor() for _ in range(3)]
    tags = [make_tag() for _ in range(5)]
    return sections, contributors, tags


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
