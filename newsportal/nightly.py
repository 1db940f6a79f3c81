"""What timers or cron do every night, and when it was last done: when it is done no more, nothing else would show it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from newsportal.models import LastDone

BACKUP, VERIFIED_BACKUP, RETENTION = "backup", "verified_backup", "comment_retention"
#: Kept as it was: since when there could have been one that proved good.
FIRST_BACKUP = "first_backup"

WORDS = {
    BACKUP: "How long ago the last backup was made.",
    VERIFIED_BACKUP: "How old the newest backup is that has been restored aside and found good.",
    RETENTION: "How long ago what readers leave behind was last forgotten as promised.",
}


def note(name: str, *, at: datetime.datetime | None = None, place: str = "") -> None:
    """It was done well, now or `at` a moment before; `place`: where what was made lies.

    What was done stays done where the database does not take the note: a backup is made in whatever state that is.
    """
    now = timezone.now()
    at = min(at or now, now)
    told: dict[str, Any] = {"at": at, "place": place[:500]}
    with suppress(DatabaseError), transaction.atomic():
        if name == BACKUP:
            LastDone.objects.bulk_create([LastDone(name=FIRST_BACKUP, at=at)], ignore_conflicts=True)
        LastDone.objects.bulk_create([LastDone(name=name, **told)], ignore_conflicts=True)
        # An old backup that somebody verifies by hand is not the newest; whose clock was wrong once does not count.
        LastDone.objects.filter(Q(at__lt=at) | Q(at__gt=now), name=name).update(**told)


def last() -> dict[str, LastDone]:
    """By name; without what was never done."""
    return {done.name: done for done in LastDone.objects.all()}


def put_back(done: Iterable[LastDone]) -> None:
    """These alone are what was last done, whatever a database that has just been restored says."""
    with suppress(DatabaseError), transaction.atomic():
        LastDone.objects.all().delete()
        LastDone.objects.bulk_create(done)


def ages() -> dict[str, tuple[float, str]]:
    """Name → seconds, and what they are; without what was never done."""
    now, found = timezone.now(), last()
    return {
        f"{name}_age_seconds": (max((now - found[name].at).total_seconds(), 0.0), words)
        for name, words in WORDS.items()
        if name in found
    }


def on_forgotten(sender: Any, **kwargs: Any) -> None:
    note(RETENTION)
