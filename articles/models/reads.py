"""How often stories are read: counts by the hour of the newsroom, later by its day, in the end in one number.

Of readers nothing is kept.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from articles import newsroom_time

#: Hours are kept apart for so long; then they are added up to days of the newsroom.
HOURS_KEPT = datetime.timedelta(days=8)
#: `since` of what is no longer kept by days.
EVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
BATCH = 500


class Span(models.TextChoices):
    HOUR = "hour", "An hour"
    DAY = "day", "A day"
    EVER = "ever", "All before"


@dataclass(frozen=True)
class Numbers:
    """Reads of a story: in the last 24 hours, in the last 7 days, and in all."""

    day: int = 0
    week: int = 0
    total: int = 0


class ReadsQuerySet(models.QuerySet["Reads"]):
    def add(self, counts: Mapping[int, int], *, at: datetime.datetime | None = None) -> None:
        """Count so many reads more of each story (number → reads), in the hour of `at` (now)."""
        hour = newsroom_time.hour_of(at or timezone.now())
        self._raise_by(Span.HOUR, {(article, hour): count for article, count in counts.items()})

    def of(self, articles: list[int], *, now: datetime.datetime | None = None) -> dict[int, Numbers]:
        """Number of the story → its Numbers, in one query; a story that nobody has read is missing."""
        now = now or timezone.now()
        day, week = hours_since(since_day(now), now), hours_since(since_week(now), now)
        rows = (
            self.filter(article__in=articles)
            .values("article")
            .annotate(
                day=Sum("count", filter=day, default=0),
                week=Sum("count", filter=week, default=0),
                total=Sum("count"),
            )
        )
        return {row["article"]: Numbers(row["day"], row["week"], row["total"]) for row in rows}

    def roll_up(self, *, days_kept: int, now: datetime.datetime | None = None) -> int:
        """Add old hours up to days, and days older than `days_kept` to one number. Returns how many rows went."""
        now = now or timezone.now()
        gone = self._roll(Span.HOUR, Span.DAY, before=now - HOURS_KEPT)
        return gone + self._roll(Span.DAY, Span.EVER, before=now - datetime.timedelta(days=days_kept))

    def _roll(self, span: Span, into: Span, *, before: datetime.datetime) -> int:
        gone = 0
        old = self.filter(span=span, since__lt=before).order_by("since", "pk")
        while True:
            with transaction.atomic():
                rows = list(old.select_for_update()[:BATCH])
                if not rows:
                    return gone
                totals: dict[tuple[int, datetime.datetime], int] = {}
                for row in rows:
                    day = newsroom_time.midnight(newsroom_time.day_of(row.since))
                    key = row.article_id, (EVER if into == Span.EVER else day)
                    totals[key] = totals.get(key, 0) + row.count
                self._raise_by(into, totals)
                gone += self.filter(pk__in=[row.pk for row in rows]).delete()[0]

    def _raise_by(self, span: Span, counts: Mapping[tuple[int, datetime.datetime], int]) -> None:
        """Rows that are missing are made; all are raised in the database, so that processes add to each other's counts."""
        if not counts:
            return
        with transaction.atomic():
            # Made and locked in one order by all, so that two processes never wait for each other.
            keys = sorted(counts)
            self.bulk_create(
                (self.model(article_id=article, span=span, since=since) for article, since in keys),
                ignore_conflicts=True,
            )
            rows = self.filter(span=span, article__in={key[0] for key in keys}, since__in={key[1] for key in keys})
            by_count: dict[int, list[int]] = {}
            for pk, article, since in rows.select_for_update().order_by("pk").values_list("pk", "article", "since"):
                if more := counts.get((article, since)):
                    by_count.setdefault(more, []).append(pk)
            for more, pks in by_count.items():
                self.filter(pk__in=pks).update(count=F("count") + more)


class Reads(models.Model):
    """So many reads of a story within the hour or the day that began at `since`."""

    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="reads", db_index=False)
    span = models.CharField(max_length=4, choices=Span, default=Span.HOUR)
    since = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    objects = ReadsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "reads"
        constraints = [models.UniqueConstraint(fields=["article", "span", "since"], name="reads_are_added_up")]
        indexes = [models.Index("span", "since", name="reads_of_time")]

    def __str__(self) -> str:
        return f"{self.count} from {self.since:%Y-%m-%d %H:%M}"


class DailySalt(models.Model):
    """What today's visits are hashed with. One row: tomorrow's takes its place, and nobody can be recognised over days."""

    day = models.DateField()
    salt = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.day}"

    @classmethod
    def of(cls, day: datetime.date) -> str:
        """The salt of today; yesterday's is overwritten by the first who asks."""
        fresh = secrets.token_hex(32)
        DailySalt.objects.bulk_create([DailySalt(pk=1, day=day, salt=fresh)], ignore_conflicts=True)
        DailySalt.objects.filter(pk=1).exclude(day=day).update(day=day, salt=fresh)
        return DailySalt.objects.values_list("salt", flat=True).get(pk=1)

    @classmethod
    def hold(cls) -> None:
        """Let no other process write visits down until this transaction ends."""
        DailySalt.objects.select_for_update().filter(pk=1).first()


class Visit(models.Model):
    """Somebody has read this story just now: hashes that are forgotten after half an hour, and say nothing of whom."""

    LASTS = datetime.timedelta(minutes=30)

    #: Of network, browser and story; of the network alone. Keyed, and salted with what is thrown away every day.
    reader = models.CharField(max_length=32, unique=True)
    network = models.CharField(max_length=32)
    article = models.PositiveBigIntegerField()
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index("network", "article", name="visit_of_network")]

    def __str__(self) -> str:
        return f"{self.seen_at}"


def since_day(now: datetime.datetime | None = None) -> datetime.datetime:
    """From when the hours of the last 24 count: this hour, and the 23 before it."""
    return newsroom_time.hour_of(now or timezone.now()) - datetime.timedelta(hours=23)


def hours_since(since: datetime.datetime, now: datetime.datetime) -> Q:
    """The hours from then until now. In those after it only a clock that was ahead has seen somebody read."""
    return Q(span=Span.HOUR, since__gte=since, since__lte=now)


def since_week(now: datetime.datetime | None = None) -> datetime.datetime:
    return since_day(now) - datetime.timedelta(days=6)
