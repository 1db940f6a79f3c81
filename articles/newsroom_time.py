"""The newsroom's clock and calendar (TIME_ZONE), whoever asks: addresses, archives and what is printed of times follow them."""

from __future__ import annotations

import datetime

from django.utils import timezone

zone = timezone.get_default_timezone


def local(moment: datetime.datetime) -> datetime.datetime:
    return timezone.localtime(moment, zone())


def day_of(moment: datetime.datetime | None = None) -> datetime.date:
    """On which day a moment falls; without one, today."""
    return timezone.localdate(moment, zone())


def midnight(day: datetime.date) -> datetime.datetime:
    """The moment at which a day begins."""
    return datetime.datetime.combine(day, datetime.time(), zone())


def hour_of(moment: datetime.datetime) -> datetime.datetime:
    """When its hour began on that clock, in UTC: in a zone of half hours that is half past."""
    return local(moment).replace(minute=0, second=0, microsecond=0).astimezone(datetime.UTC)
