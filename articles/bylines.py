"""The bylines of stories that are shown: brought along in one query, as `prefetch_related` would, without building it each time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from articles.caching.prepared import Known, Prepared, Row, prefetched
from articles.models import Article, Byline

_bylines = Prepared(
    lambda articles: (
        Byline.objects.select_related("contributor")
        .only("article", "role", "contributor__name", "contributor__slug", "contributor__job_title")
        .filter(article__in=articles)
        .order_by("article", "order", "pk")
    ),
    articles=list[int],
)


def bring_bylines(stories: Iterable[Article | Row]) -> None:
    """Give these stories their bylines with the contributors, in one query for all."""
    waiting = {story.pk: story for story in stories if "bylines" not in _brought(story)}
    if not waiting:
        return
    bylines = _bylines.along("article_id", Known, articles=list(waiting))
    for pk, story in waiting.items():
        if isinstance(story, Row):
            story.bring("bylines", bylines)
        else:
            prefetched(story)["bylines"] = bylines.made(pk)


def _brought(story: Article | Row) -> dict[str, Any]:
    return story.along if isinstance(story, Row) else prefetched(story)
