"""The keys that the CDN has yet to be told of. They are written by the transaction that touches them, so none is ever forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection as default
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.db.models.functions import Least

from articles.clocks import AHEAD
from newsportal.models import Purge

TABLE = "newsportal_purge"

#: Seconds after which another process tells what one has begun to tell: the first is no more.
CLAIM = 60.0
#: What is due in more than so many seconds a clock has put off that was ahead: it is due now.
FURTHEST = AHEAD * CLAIM


@dataclass(frozen=True)
class Claim:
    keys: frozenset[str]
    #: The Unix time until which they are this process's to tell: by which its rows are known.
    until: float


def note(connection: BaseDatabaseWrapper, keys: Iterable[str]) -> None:
    """Within the transaction that is about to commit."""
    now = time.time()
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {TABLE} (key, touched_at, due_at, is_repeat) VALUES (%s, %s, %s, %s)",  # noqa: S608
            [(key, now, now, False) for key in sorted(keys)],
        )


def claim() -> Claim:
    """All that is due, for this process alone."""
    now = time.time()
    until = now + CLAIM
    with default.cursor() as cursor:
        # One statement: of two processes that are after the same row, one gets it.
        cursor.execute(
            f"UPDATE {TABLE} SET due_at = %s WHERE due_at <= %s OR due_at > %s RETURNING key",  # noqa: S608
            [until, now, now + FURTHEST],
        )
        return Claim(frozenset(key for (key,) in cursor.fetchall()), until)


def put_back(claim: Claim) -> None:
    """It was not told: anybody may."""
    now = time.time()
    # What a clock that was ahead has touched was touched by now, or it would never be forgotten.
    Purge.objects.filter(due_at=claim.until).update(due_at=now, touched_at=Least(F("touched_at"), now))


def told(claim: Claim, *, repeat_in: float) -> None:
    """The CDN was told; what it has heard for the first time it is told once more after `repeat_in` seconds."""
    claimed = Purge.objects.filter(due_at=claim.until)
    claimed.filter(is_repeat=True).delete()
    claimed.update(is_repeat=True, due_at=time.time() + repeat_in)


def next_due(within: float) -> float | None:
    """In how many seconds the next is due; None when none is within so many."""
    now = time.time()
    is_soon = Q(due_at__lte=now + within) | Q(due_at__gt=now + FURTHEST)
    soonest = Purge.objects.filter(is_soon).order_by("due_at").values_list("due_at", flat=True).first()
    if soonest is None:
        return None
    return max(soonest - now, 0.0) if soonest <= now + FURTHEST else 0.0


def forget(older_than: float) -> None:
    """What was touched so many seconds ago is not at the CDN any more."""
    Purge.objects.filter(touched_at__lt=time.time() - older_than).delete()
