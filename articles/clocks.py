"""Clocks of machines differ, and one that was wrong for a day writes times down that lie far ahead, by years perhaps."""

from __future__ import annotations

import datetime

from django.db.models import Q

#: What lies further ahead than so many times the longest that it can take was written by such a clock: two that are right differ
#: by less.
AHEAD = 2
#: Nor do they differ by more than this, however long something is kept that has happened.
FURTHEST = datetime.timedelta(days=1)


def latest(within: datetime.timedelta, now: datetime.datetime) -> datetime.datetime:
    """The latest time that something can have which has happened within that time before `now`."""
    return now + min(AHEAD * within, FURTHEST)


def lately(field: str, within: datetime.timedelta, now: datetime.datetime) -> Q:
    """Where this field has the time of something that has happened within that time before `now`."""
    return Q(**{f"{field}__gt": now - within, f"{field}__lte": latest(within, now)})


def long_ago(field: str, within: datetime.timedelta, now: datetime.datetime) -> Q:
    """Where it was before that. So is what lies ahead: whoever waits for that day to come would wait for it too long."""
    return Q(**{f"{field}__lte": now - within}) | Q(**{f"{field}__gt": latest(within, now)})
