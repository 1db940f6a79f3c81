"""How often a password or a code may be tried: counted in the database, which all processes share with and without Redis.

An address that a client may have written itself is never counted by (articles.http.network). Passkeys cannot be guessed, and let
their owner in whatever others have tried: of those that fail it is counted how many are worth an entry in the log.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

from django.contrib.auth.models import User
from django.db.models import F, Q
from django.http import HttpRequest
from django.utils import timezone

from articles.clocks import AHEAD
from articles.http.network import LINE, network_of
from comments.keyed import keyed_hash
from newsportal.staff.models import Guesses

MINUTES, HOURS = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
DAY = 24 * HOURS
#: For how long one may come in again from where one has come in.
KNOWN_FOR = 30 * DAY
LONGEST = KNOWN_FOR


@dataclass(frozen=True)
class Limit:
    """At most so many failures in a time, which begins with the first of them. `of`: what tells one count from another."""

    name: str
    of: str
    most: int
    within: datetime.timedelta
    #: Of AccountAdapter.error_messages: what is said to who has reached it.
    refusal: str = "too_many_login_attempts"

    @property
    def key(self) -> str:
        return keyed_hash(f"guesses: {self.name}", self.of)

    @property
    def all_counts(self) -> list[Limit]:
        return [self]

    def take(self) -> bool:
        """Count one more; False: that would be too many."""
        return _take(self)


@dataclass(frozen=True, kw_only=True)
class Share(Limit):
    """What one network may. Only so many `first` failures count towards what all may together: alone it never uses that up.

    Without any it has no part in that: neither does it count there, nor is it held by what others have counted.
    """

    first: int
    together: Limit

    @property
    def all_counts(self) -> list[Limit]:
        return [self.together, self] if self.first else [self]

    def take(self) -> bool:
        # Both look at one row, so that of two at once one is the last of the first.
        return self.together.take() if _take(replace(self, most=self.first)) else _take(self)


def of_password(request: HttpRequest, name: str) -> Tries:
    """For a user name as typed. A stranger who fails on purpose keeps out nobody who comes from another network.

    Only a hundred failures do, of which ten networks have to have ten each; and not where the right one was typed before.
    """
    name, line = name.strip().lower(), _line(request)
    here = f"{line} {name}"
    came_in = Limit("came in", here, most=1, within=KNOWN_FOR)
    together = Limit("password anywhere", name, most=100, within=DAY, refusal="too_often_anywhere")
    share = Share(
        "password here today", here, most=30, within=DAY, refusal="too_often_today",
        first=0 if _reached([came_in]) else 10, together=together,
    )  # fmt: skip
    return Tries([share, Limit("password here", here, most=10, within=15 * MINUTES), _of_network(line)], came_in)


def of_code(request: HttpRequest, user: User) -> Tries:
    """For the six digits of an app and for recovery codes. Three codes in a million are right at a time."""
    return Tries(
        [
            Limit("code a day", str(user.pk), most=30, within=DAY, refusal="too_often_today"),
            Limit("code", str(user.pk), most=8, within=15 * MINUTES),
            _of_network(_line(request)),
        ]
    )


def _of_network(line: str) -> Limit:
    return Limit("network", line, most=60, within=15 * MINUTES)


def _line(request: HttpRequest) -> str:
    """One customer's line: with IPv6 it has hundreds of networks, and is no more than one stranger."""
    return network_of(request, LINE)


def of_passkey(request: HttpRequest) -> Tries:
    """For passkeys that were refused. Whose they claim to be is theirs to say, so that only where they come from counts."""
    return Tries([Limit("passkey", _line(request), most=20, within=15 * MINUTES)])


def is_first_use(user: User, code: str) -> bool:
    """Whether a code of an app, which is right for a minute and a half, has not been taken in that time."""
    return Limit("used", f"{user.pk} {code}", most=1, within=2 * MINUTES).take()


def is_first_held(name: str) -> bool:
    return Limit("held", name.strip().lower(), most=1, within=15 * MINUTES).take()


def is_first_invented(request: HttpRequest, name: str) -> bool:
    """Of names that are nobody's there is no end: they are told once for each network. `name`: of what is told of them."""
    return Limit(f"invented: {name}", _line(request), most=1, within=15 * MINUTES).take()


class Tries:
    """One try, and all that limits it: first what one waits for longest. `came_in`: what is noted where it was right."""

    def __init__(self, limits: Iterable[Limit], came_in: Limit | None = None):
        self.limits, self.came_in = list(limits), came_in
        self.counts = [count for limit in self.limits for count in limit.all_counts]
        #: What is said to who may not try.
        self.refusal = ""

    def take(self) -> bool:
        """Count one more before it is looked at, so that many at once are no way around; False: no more for now."""
        # Asked before any is counted: whoever may not try leaves no rows for names without end.
        too_many = _reached(self.counts) or next((limit for limit in self.limits if not limit.take()), None)
        self.refusal = too_many.refusal if too_many else ""
        return too_many is None

    def forgive(self) -> None:
        """It was right: what was counted for it does not count, and no failure before it on this account."""
        for limit in self.counts:
            if limit.name == "network":
                Guesses.objects.filter(pk=limit.key, count__gt=0).update(count=F("count") - 1)
            else:
                Guesses.objects.filter(pk=limit.key).delete()
        if self.came_in:
            _note(self.came_in)


def _reached(limits: Sequence[Limit]) -> Limit | None:
    """The first of these that allows no more. One query."""
    now = timezone.now()
    full = (Q(pk=limit.key, count__gte=limit.most) & ~_is_over(now, limit.within) for limit in limits)
    keys = set(Guesses.objects.filter(reduce(or_, full)).values_list("pk", flat=True))
    return next((limit for limit in limits if limit.key in keys), None)


def _note(limit: Limit) -> None:
    """Its time begins now, and it is reached."""
    row = Guesses(pk=limit.key, count=limit.most, ends_at=timezone.now() + limit.within)
    Guesses.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["key"], update_fields=["count", "ends_at"]
    )  # fmt: skip


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
