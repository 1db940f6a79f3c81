"""What the index of sitemaps says of each month, kept as stories come and go: a million of them need not be asked."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import Count, F, Max
from django.db.models.functions import TruncMonth
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from articles import body, newsroom_time
from articles.workflow import Status

if TYPE_CHECKING:
    from articles.models.article import Article


def month_of(moment: datetime.datetime) -> datetime.date:
    """The first day of a moment's month, by the newsroom's clock."""
    return newsroom_time.day_of(moment).replace(day=1)


def bounds(first: datetime.date) -> tuple[datetime.datetime, datetime.datetime]:
    """When the month that begins on this day begins, and when the next one does. OverflowError after the year 9999."""
    following = (first + datetime.timedelta(days=31)).replace(day=1)
    return newsroom_time.midnight(first), newsroom_time.midnight(following)


class SitemapMonthQuerySet(models.QuerySet["SitemapMonth"]):
    def note(self, before: Article | None, after: Article | None) -> None:
        """A story was `before` and is `after`, None where there was or is none. To be called within its transaction."""
        now = timezone.now()
        was, told_before = _told(before, now)
        is_, told_after = _told(after, now)
        if (was, told_before) == (is_, told_after):
            return
        # In one order, so that two who move stories between the same months do not wait for each other.
        for first in sorted({month for month in (was, is_) if month}):
            starts_at, ends_at = bounds(first)
            self.get_or_create(first=first, defaults={"starts_at": starts_at, "ends_at": ends_at})
            here = self.filter(first=first)
            changed: dict[str, Any] = {}
            if told_before != told_after and ((told_before and first == was) or (told_after and first == is_)):
                changed["changed_at"] = now
            # The row is locked by this; what is counted below is counted behind everybody who was here before.
            here.update(stories=F("stories") + int(first == is_) - int(first == was), **changed)
            here.update(
                latest_at=_published().filter(**_within(starts_at, ends_at)).aggregate(at=Max("publish_at"))["at"]
            )

    def recount(self, *, fix: bool) -> list[datetime.date]:
        """The months that are wrong, by their first days; with `fix` they are put right."""
        now = timezone.now()
        with transaction.atomic():
            kept = {month.first: month for month in self.select_for_update().order_by("first")}
            counted = counted_by_month(_published())
            wrong = []
            for first in sorted({*kept, *counted}):
                starts_at, ends_at = bounds(first)
                stories, latest_at, _updated = counted.get(first, (0, None, None))
                true = {"starts_at": starts_at, "ends_at": ends_at, "stories": stories, "latest_at": latest_at}
                month = kept.get(first)
                if month is None or any(getattr(month, name) != value for name, value in true.items()):
                    wrong.append(first)
                    if fix:
                        self.update_or_create(first=first, defaults=true | {"changed_at": now})
        return wrong


class SitemapMonth(models.Model):
    """The published stories of one month, scheduled ones included."""

    first = models.DateField("first day", unique=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Not a positive number by constraint: a count that has drifted must not keep a story from being withdrawn.
    stories = models.IntegerField(default=0)
    latest_at = models.DateTimeField("latest time of publication", null=True)
    # Of what readers could see then: a story came at once, was updated or withdrawn, or moved to another address. That a
    # scheduled one appears follows from its time.
    changed_at = models.DateTimeField("last change", null=True)

    objects = SitemapMonthQuerySet.as_manager()

    class Meta:
        ordering = ["-first"]

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


def _told(article: Article | None, now: datetime.datetime) -> tuple[datetime.date | None, tuple | None]:
    """The month that a story counts for, and all that the month's sitemap says of it now; None for none, and nothing."""
    if article is None or (listed_from := article.listed_from()) is None:
        return None, None
    if not article.is_public(now):
        return month_of(listed_from), None
    pictures = article.lead_image_id, body.image_ids(article.body)
    return month_of(listed_from), (article.address, article.publish_at, article.updated_at, pictures)


def _published() -> models.QuerySet[Article]:
    from articles.models.article import Article

    return Article.objects.filter(status=Status.PUBLISHED)


def _within(starts_at: datetime.datetime, ends_at: datetime.datetime) -> dict[str, datetime.datetime]:
    return {"publish_at__gte": starts_at, "publish_at__lt": ends_at}


def counted_by_month(
    published: models.QuerySet,
) -> dict[datetime.date, tuple[int, datetime.datetime, datetime.datetime | None]]:
    """First day → (stories, latest time of publication, last real update), from the stories themselves: all of them."""
    by_month = published.annotate(month=TruncMonth("publish_at", tzinfo=newsroom_time.zone()))
    rows = (
        by_month.order_by().values("month").annotate(n=Count("pk"), latest=Max("publish_at"), updated=Max("updated_at"))
    )
    return {row["month"].date(): (row["n"], row["latest"], row["updated"]) for row in rows}


@receiver(post_delete, sender="articles.Article")
def forget(instance: Article, **kwargs: object) -> None:
    SitemapMonth.objects.note(instance, None)
