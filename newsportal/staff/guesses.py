"""How often a password or a code may be tried: counted in the database, which all processes share with and without Redis.

An address that a client may have written itself is never counted by (articles.http.network). Passkeys cannot be guessed, and let
their owner in whatever others have tried: of those that fail it is counted how many are worth an entry in the log.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from articles.http.network import network_of
from comments.keyed import keyed_hash
from newsportal.clocks import AHEAD
from newsportal.staff.models import Guesses

MINUTES, HOURS = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
LONGEST = 24 * HOURS


@dataclass(frozen=True)
class Limit:
    """At most so many failures in a time, which begins with the first of them. `of`: what tells one count from another."""

    name: str
    of: str
    most: int
    within: datetime.timedelta

    @property
    def key(self) -> str:
        return keyed_hash(f"guesses: {self.name}", self.of)


def of_password(request: HttpRequest, name: str) -> Tries:
    """For a user name as typed. A stranger who fails on purpose keeps out nobody who comes from another network, for a while."""
    name, network = name.strip().lower(), network_of(request)
    return Tries(
        [
            Limit("password here", f"{network} {name}", most=10, within=15 * MINUTES),
            Limit("password anywhere", name, most=100, within=LONGEST),
            Limit("network", network, most=60, within=15 * MINUTES),
        ]
    )


def of_code(request: HttpRequest, user: User) -> Tries:
    """For the six digits of an app and for recovery codes. Three codes in a million are right at a time."""
    return Tries(
        [
            Limit("code", str(user.pk), most=8, within=15 * MINUTES),
            Limit("code a day", str(user.pk), most=30, within=LONGEST),
            Limit("network", network_of(request), most=60, within=15 * MINUTES),
        ]
    )


def of_passkey(request: HttpRequest) -> Tries:
    """For passkeys that were refused. Whose they claim to be is theirs to say, so that only where they come from counts."""
    return Tries([Limit("passkey", network_of(request), most=20, within=15 * MINUTES)])


def is_first_use(user: User, code: str) -> bool:
    """Whether a code of an app, which is right for a minute and a half, has not been taken in that time."""
    return _take(Limit("used", f"{user.pk} {code}", most=1, within=2 * MINUTES))


def is_first_held(name: str) -> bool:
    return _take(Limit("held", name.strip().lower(), most=1, within=15 * MINUTES))


def is_first_invented(request: HttpRequest, name: str) -> bool:
    """Of names that are nobody's there is no end: they are told once for each network. `name`: of what is told of them."""
    return _take(Limit(f"invented: {name}", network_of(request), most=1, within=15 * MINUTES))


class Tries:
    def __init__(self, limits: Iterable[Limit]):
        self.limits = list(limits)

    def take(self) -> bool:
        """Count one more before it is looked at, so that many at once are no way around; False: no more for now."""
        return all(_take(limit) for limit in self.limits)

    def forgive(self) -> None:
        """It was right: what was counted for it does not count, and no failure before it on this account."""
        for limit in self.limits:
            if limit.name == "network":
                Guesses.objects.filter(pk=limit.key, count__gt=0).update(count=F("count") - 1)
            else:
                Guesses.objects.filter(pk=limit.key).delete()


def _take(limit: Limit) -> bool:
    now = timezone.now()
    ends_at = now + limit.within
    Guesses.objects.bulk_create([Guesses(pk=limit.key, ends_at=ends_at)], ignore_conflicts=True)
    Guesses.objects.filter(_is_over(now, limit.within), pk=limit.key).update(count=0, ends_at=ends_at)
    # One statement asks and counts: of two at once, one is the last that may.
    return bool(Guesses.objects.filter(pk=limit.key, count__lt=limit.most).update(count=F("count") + 1))


def _is_over(now: datetime.datetime, within: datetime.timedelta) -> Q:
    # Whose clock was wrong once keeps nobody out for years.
    return Q(ends_at__lte=now) | Q(ends_at__gt=now + AHEAD * within)


def forget(now: datetime.datetime | None = None) -> int:
    return Guesses.objects.filter(_is_over(now or timezone.now(), LONGEST)).delete()[0]
