"""The bylines of stories that are shown: brought along in one query, as `prefetch_related` would, without building it each time."""

from __future__ import annotations

from collections.abc import Iterable

from articles.models import Article, Byline
from articles.prepared import Prepared

AT_ONCE = 60

_bylines = Prepared(
    lambda articles: (
        Byline.objects.select_related("contributor")
        .only("article", "role", "contributor__name", "contributor__slug", "contributor__job_title")
        .filter(article__in=articles)
    ),
    articles=(int, AT_ONCE),
)


class Known(tuple[Byline, ...]):
    """What a story's manager gives in place of a queryset: to be read, in the order of the bylines, and for nothing else."""

    def all(self) -> Known:
        return self


def bring_bylines(articles: Iterable[Article]) -> None:
    """Give these stories their bylines with the contributors: one query for each AT_ONCE of them."""
    waiting = {article.pk: article for article in articles if "bylines" not in _prefetched(article)}
    keys = list(waiting)
    for start in range(0, len(keys), AT_ONCE):
        found: dict[int, list[Byline]] = {pk: [] for pk in keys[start : start + AT_ONCE]}
        for byline in _bylines(articles=list(found)):
            found[byline.article_id].append(byline)
        for pk, bylines in found.items():
            _prefetched(waiting[pk])["bylines"] = Known(bylines)


def _prefetched(article: Article) -> dict:
    return vars(article).setdefault("_prefetched_objects_cache", {})
