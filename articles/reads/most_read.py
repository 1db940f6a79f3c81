"""What is read most, made now and then from what has been counted; pages look the lists up and add nothing up themselves."""

from __future__ import annotations

import datetime
from functools import cache

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from articles.caching.prepared import Prepared, Row, instances
from articles.models import Article, DailySalt, RankedStory, Reads
from articles.models.ranked import KEPT, STALE
from articles.models.reads import hours_since, since_day, since_week
from articles.reads.counting import forget_visits

DAY, WEEK = "read_day", "read_week"
_SINCE = {DAY: since_day, WEEK: since_week}


def rank(ranking: str) -> None:
    """Make one of the two lists anew."""
    now = timezone.now()
    hours = Reads.objects.filter(hours_since(_SINCE[ranking](now), now))
    rows = hours.values("article").annotate(reads=Sum("count")).order_by("-reads", "-article")
    RankedStory.objects.replace(ranking, list(rows.values_list("article", "reads")[:KEPT]))


def top(ranking: str, size: int) -> list[Article]:
    """The first public stories of a stored list; none when the list has not been made for long."""
    return instances(top_rows(ranking, size))


def top_rows(ranking: str, size: int) -> list[Row]:
    """The same for a piece of a page, which may have been made before."""
    now = timezone.now()
    return _top(size).rows(ranking=ranking, now=now, fresh=now - STALE)


@cache
def _top(size: int) -> Prepared:
    return Prepared(
        lambda ranking, now, fresh: Article.objects.first_public(
            RankedStory, "article", "place", size, now=now, ranking=ranking, made_at__gt=fresh
        ),
        ranking=str, now=datetime.datetime, fresh=datetime.datetime,
    )  # fmt: skip


def every_few_minutes() -> None:
    rank(DAY)
    forget_visits()


def every_hour() -> None:
    rank(WEEK)
    Reads.objects.roll_up(days_kept=settings.READS_DAYS)
    # Yesterday's salt goes even if nobody reads today.
    DailySalt.of(timezone.localdate())
