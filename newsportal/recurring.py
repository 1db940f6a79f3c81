"""What is done again and again, without cron: whoever works in the background looks what is due, and one of them does it."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from articles.clocks import AHEAD
from articles.reads import most_read
from articles.search import library
from comments import most_discussed
from newsportal import policy_reports
from newsportal.models import Recurring
from newsportal.purging import back_end, sender
from newsportal.staff import audit, guesses, sessions

logger = logging.getLogger(__name__)

MINUTE = datetime.timedelta(minutes=1)

#: Name → how often, and what. Each can be done at any time, and twice, without harm.
JOBS: dict[str, tuple[datetime.timedelta, Callable[[], None]]] = {
    "most read today": (5 * MINUTE, most_read.every_few_minutes),
    "most read this week": (60 * MINUTE, most_read.every_hour),
    "most discussed": (5 * MINUTE, most_discussed.rank),
    "pictures that search does not know": (60 * MINUTE, library.index_missing),
    "old reports of browsers": (24 * 60 * MINUTE, policy_reports.prune),
    "where staff were": (24 * 60 * MINUTE, lambda: _forget_where_staff_were()),
}
#: The same, where a CDN is told of changes.
WITH_CDN: dict[str, tuple[datetime.timedelta, Callable[[], None]]] = {
    "what the CDN was not told": (MINUTE, sender.every_minute),
}


def current() -> dict[str, tuple[datetime.timedelta, Callable[[], None]]]:
    """What recurs with these settings. Rows of other names are of another release, or of a CDN that is gone."""
    return JOBS | WITH_CDN if back_end() else JOBS


def _forget_where_staff_were() -> None:
    audit.forget_addresses()
    sessions.forget()
    guesses.forget()


def do_what_is_due(now: datetime.datetime | None = None) -> list[str]:
    """Do what is due and not claimed by another process; returns the names. One query where nothing is due."""
    now = now or timezone.now()
    due_at = dict(Recurring.objects.values_list("name", "due_at"))
    done = []
    for name, (every, do) in current().items():
        if now < due_at.get(name, now) <= now + AHEAD * every or not _claim(name, every, now):
            continue
        try:
            do()
            done.append(name)
        except DatabaseError as error:
            # Without the details: a database quotes the values it refuses.
            logger.error(
                "“%s” could not be done (%s); it is tried again when it is due next.", name, type(error).__name__
            )
    return done


def _claim(name: str, every: datetime.timedelta, now: datetime.datetime) -> bool:
    Recurring.objects.bulk_create([Recurring(name=name, due_at=now)], ignore_conflicts=True)
    # Whose clock was wrong once has put it off to that day.
    is_due = Q(due_at__lte=now) | Q(due_at__gt=now + AHEAD * every)
    return bool(Recurring.objects.filter(is_due, name=name).update(due_at=now + every))
