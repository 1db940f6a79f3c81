"""After a restored database, or a standby, has taken the place of another: nobody may take a page of before for a true one.

What is restored has numbers (newsportal.page_cache.counters) of its own day, and counts on from them: sooner or later a number
comes up again under which some process, or Redis, knows another page. So all of them are raised beyond any that can have been, in
the same moment. A key is touched less than a thousand times a second in the long run, so the milliseconds since 1970 are beyond;
and so is one more than the greatest that is known, in case a clock was wrong. Every page shows the SITE: with its number alone
all pages are past. The others are raised for Redis, which keeps the greater of two numbers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from django.core.cache import cache
from django.db import connection, transaction

from articles.caching.editions import OF_MANY, SITE
from newsportal.database.observed import TABLE
from newsportal.page_cache import counters
from newsportal.page_cache.counters import ANY, UNREACHED

KEY = re.compile(r"[a-z]+(-[0-9]+)?")


def least(numbers: Iterable[int]) -> int:
    """Beyond these numbers and all others that there have been."""
    return max(time.time_ns() // 1_000_000, *(number + 1 for number in numbers), 0)


def statements(keys: Iterable[str], least: int) -> list[str]:
    """SQL, the same for both databases, that raises the numbers of these keys and of all that a restored database has."""
    wanted = sorted(OF_MANY | {ANY, UNREACHED} | {key for key in keys if KEY.fullmatch(key)})
    rows = ", ".join(f"('{key}', {least})" for key in wanted)
    return [
        f"UPDATE {TABLE} SET number = {_raised(least)}",  # noqa: S608
        f"INSERT INTO {TABLE} (key, number) VALUES {rows} ON CONFLICT (key) DO NOTHING",  # noqa: S608
    ]


def _raised(least: int) -> str:
    """SQL: a number is never set back, whatever has raised it meanwhile."""
    return f"CASE WHEN {TABLE}.number < {least} THEN {least} ELSE {TABLE}.number + 1 END"


def known_in_redis() -> dict[str, int]:
    """Key → number, as far as Redis has them; empty without one, or while it cannot be reached."""
    known = getattr(counters.counters(), "known", None)
    return known() if known else {}


def raise_here(*, every_key: bool) -> None:
    """In one transaction that touches the SITE, with no number that there can have been: all pages that are kept are past.

    `every_key`: where commits may have been lost, as by a standby that has taken over, Redis has numbers that come up once more; so
    those of all keys are raised beyond them. Commits wait meanwhile, some seconds for a million keys.
    """
    of_redis = known_in_redis() if every_key else {}
    with transaction.atomic(), connection.cursor() as cursor:
        if every_key and connection.vendor == "postgresql":
            # Who commits raises numbers in an order of its own: one would wait for the other for ever.
            cursor.execute(f"LOCK TABLE {TABLE} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"SELECT coalesce(max(number), 0) FROM {TABLE}")  # noqa: S608
        beyond = least([cursor.fetchone()[0], *of_redis.values()])
        rows = ", ".join(f"('{key}', {beyond})" for key in (ANY, SITE))
        jump = f"INSERT INTO {TABLE} (key, number) VALUES {rows} ON CONFLICT (key) DO UPDATE SET number = {_raised(beyond)}"  # noqa: S608
        for statement in statements(of_redis, beyond) if every_key else [jump]:
            cursor.execute(statement)
        connection.touched |= {SITE}  # type: ignore[attr-defined]


def settle() -> None:
    """Once the restored database is there and its numbers are raised: tell Redis and the CDN as any change does; empty the cache.

    Returns when nobody believes any more what Redis has said of before.
    """
    if hasattr(counters.counters(), "known"):
        from newsportal.page_cache.redis_counters import LEASE

        time.sleep(LEASE)
    with transaction.atomic():
        connection.touched |= OF_MANY  # type: ignore[attr-defined]
    # django-redis would empty the whole of Redis, which may have other uses.
    delete = getattr(cache, "delete_pattern", None)
    if delete:
        delete("*")
    else:
        cache.clear()
