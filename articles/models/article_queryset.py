"""Which stories: what readers can see, what somebody at the desk may, and how much of each a page wants."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from articles import workflow
from articles.models.contributor import Byline
from articles.pictures.renditions import CROPS_SHOWN_BY
from articles.workflow import Status

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from articles.models.article import Article  # noqa: F401  (in the class's own brackets)


class NotByIndex(models.Func):
    """A column as it is, which no index of it finds: https://sqlite.org/optoverview.html#uplus"""

    arity, template = 1, "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


def _is_public(now: datetime.datetime | None, there: str = "") -> models.Q:
    """`there` is how the names of the two columns end."""
    return models.Q(**{f"status{there}": Status.PUBLISHED, f"publish_at{there}__lte": now or timezone.now()})


class ArticleQuerySet(models.QuerySet["Article"]):
    def public(self, now: datetime.datetime | None = None) -> ArticleQuerySet:
        """What readers can see at this moment: published, and its time has come. `Article.is_public()` says the same."""
        return self.filter(_is_public(now))

    def scheduled(self, now: datetime.datetime | None = None) -> ArticleQuerySet:
        """What appears by itself after this moment. `Article.is_scheduled()` says the same."""
        return self.filter(status=Status.PUBLISHED, publish_at__gt=now or timezone.now())

    def public_of_those_found(self, now: datetime.datetime | None = None) -> ArticleQuerySet:
        """The same of stories that the index of another table finds and puts in order (those of a tag, of an author).

        SQLite may not begin with all that is public: it would, where it takes the tag for a common one, and read the archive.
        """
        looked_at = self.alias(status_there=NotByIndex("status"), publish_at_there=NotByIndex("publish_at"))
        return looked_at.filter(_is_public(now, "_there"))

    def seen_by(self, user: User) -> ArticleQuerySet:
        """What somebody at the desk may look at: all for who publishes; else one's own, and what readers see."""
        if user.has_perm(workflow.PUBLISH):
            return self.all()
        return self.filter(models.Q(created_by=user) | _is_public(None))

    def newest_first(self) -> ArticleQuerySet:
        return self.order_by("-publish_at", "-pk")

    def first_public(
        self,
        places: type[models.Model],
        story: str,
        order: str,
        size: int,
        *,
        now: datetime.datetime | None = None,
        **which,
    ) -> ArticleQuerySet:
        """For lists: the first `size` public stories that stand in the stored list `which` of `places`, a model with a foreign key
        `story` and an `order`. One query, from the list's few rows to their stories, also in a database without statistics,
        which would rather begin with all stories that are published.
        """  # fmt: skip
        rows = places._default_manager.filter(**which)
        public = self.public(now).filter(pk=models.OuterRef(story))
        first = rows.filter(models.Exists(public)).order_by(order, story)[:size]
        place = models.Subquery(rows.filter(**{story: models.OuterRef("pk")}).values(order.lstrip("-"))[:1])
        by_place = place.desc() if order.startswith("-") else place.asc()
        return self.for_cards().filter(pk__in=first.values(story)).order_by(by_place, "pk")

    def for_lists(self, *, bylines: bool = True) -> ArticleQuerySet:
        """All that a list shows of a story, without its text: one query, and one more for the bylines."""
        found = self.defer("body", "body_html")
        return found.with_surroundings() if bylines else found.select_related("section", "lead_image")

    def for_cards(self, *more: str) -> ArticleQuerySet:
        """What a card shows of a story (templates/components/card.html), and nothing else but `more`: it stands on a page often."""
        return self.select_related("section", "lead_image").only(
            "headline", "short_headline", "slug", "kind", "standfirst", "comment_count", "status", "publish_at", "published_on",
            "section__name", "section__slug", "section__colour",
            "lead_image__alt", *(f"lead_image__{name}" for name in CROPS_SHOWN_BY), *more,
        )  # fmt: skip

    def with_surroundings(self) -> ArticleQuerySet:
        """Section, lead image and bylines, which are shown wherever a story is, in two queries."""
        bylines = models.Prefetch("bylines", Byline.objects.select_related("contributor"))
        return self.select_related("section", "lead_image").prefetch_related(bylines)
