"""Small charts of reads: bars as SVG, made here, and the same numbers as a table."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from articles import newsroom_time
from articles.models.reads import Span, since_day

WIDTH, HEIGHT, GAP = 480, 96, 2
DAYS = 30
HOUR = datetime.timedelta(hours=1)

Row = tuple[str, datetime.datetime, int]


@dataclass(frozen=True)
class Bar:
    """`x`, `y`, `width` and `height` are in the units of the chart's view box; `label` says which hour or day it is."""

    label: str
    count: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Chart:
    name: str
    unit: str
    bars: list[Bar]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def total(self) -> int:
        return sum(bar.count for bar in self.bars)

    @property
    def summary(self) -> str:
        """What somebody who does not see it needs to know."""
        if not self.total:
            return f"{self.name}: no reads."
        most = max(self.bars, key=lambda bar: bar.count)
        return f"{self.name}: {self.total:,} reads; the most, {most.count:,}, {most.label}."


def chart_of_hours(rows: Iterable[Row], now: datetime.datetime | None = None) -> Chart:
    """The last 24 hours. `rows`: (span, from when, how many) of any time, in any order."""
    first = since_day(now)
    counts: dict[int, int] = defaultdict(int)
    for span, since, count in rows:
        if span == Span.HOUR:
            # Not each began with one of these: some clocks are moved by half an hour.
            counts[(since - first) // HOUR] += count
    labelled = [(f"{timezone.localtime(first + n * HOUR):%a %H:%M}", counts[n]) for n in range(24)]
    return Chart("The last 24 hours", "Hour from", _bars(labelled))


def chart_of_days(rows: Iterable[Row], now: datetime.datetime | None = None) -> Chart:
    """The last 30 days of the newsroom; hours that have not been added up yet are."""
    today = newsroom_time.day_of(now)
    days = [today - datetime.timedelta(days=n) for n in reversed(range(DAYS))]
    counts: dict[datetime.date, int] = defaultdict(int)
    for span, since, count in rows:
        if span != Span.EVER:
            counts[newsroom_time.day_of(since)] += count
    return Chart("The last 30 days", "Day", _bars([(f"{day:%-d %b}", counts[day]) for day in days]))


def _bars(labelled: list[tuple[str, int]]) -> list[Bar]:
    most = max((count for _, count in labelled), default=0) or 1
    step = WIDTH / len(labelled)
    bars = []
    for number, (label, count) in enumerate(labelled):
        # What was read at all can be seen, however much more was read elsewhere.
        height = round(max(count * HEIGHT / most, 2), 1) if count else 0
        bars.append(Bar(label, count, round(number * step, 1), round(HEIGHT - height, 1), round(step - GAP, 1), height))
    return bars
