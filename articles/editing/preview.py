"""A version of a story as readers will see it: the same page, made of a snapshot, saving nothing."""

from __future__ import annotations

import datetime

from django.utils import timezone

from articles.caching.prepared import Row, instances
from articles.editing.next_version import with_live
from articles.editing.snapshot import Snapshot, fill
from articles.front_page import FrontPage, Rail
from articles.models import Article, NextVersion


def as_story(article: Article, snapshot: Snapshot) -> Article:
    """The story with the content of a snapshot, for rendering alone."""
    shown = Article.objects.get(pk=article.pk)
    bylines = fill(shown, snapshot)
    shown.publish_at = shown.publish_at or timezone.now()
    shown.render()
    # What the page asks for is answered from here, and not from the story as the database has it.
    shown._prefetched_objects_cache = {"bylines": bylines}  # type: ignore[attr-defined]
    return shown


def as_it_will_be(composed: FrontPage[Row], moment: datetime.datetime) -> FrontPage[Article]:
    """The front page with what its stories' next versions make of them by then: headline, picture, bylines.

    Where a next version changes the section or the picture by which a story has its place, it keeps that place.
    """
    page: FrontPage[Article] = instances(composed)
    shown = [*([page.lead] if page.lead else []), *page.secondary, *page.latest]
    shown += [article for rail in page.rails for article in rail.articles]
    waiting = NextVersion.objects.due(moment).filter(article__in=[article.pk for article in shown])
    due = waiting.select_related("article", "version__text", "version__parent__text")
    later = {
        found.article_id: as_story(found.article, merged.result)
        for found in due
        if not (merged := with_live(found)).conflicts
    }

    def put(articles: list[Article]) -> list[Article]:
        return [later.get(article.pk, article) for article in articles]

    return FrontPage(
        later.get(page.lead.pk, page.lead) if page.lead else None, put(page.secondary), put(page.latest),
        [Rail(rail.section, put(rail.articles)) for rail in page.rails],
    )  # fmt: skip
