"""How often something is done from one network, counted in the cache: where there is none, nothing is counted."""

from __future__ import annotations

from django.core.cache import cache
from django.utils import timezone

HOUR = 3600


def is_too_often(act: str, network: str, *, an_hour: int, uncounted: bool = False) -> bool:
    """Count one more of `act` from this network (its keyed hash); whether that is more than `an_hour` in this hour.

    `uncounted`: what is said while the cache is away or full. What people do goes on by itself.
    """
    counter = f"comments.{act}.{network}.{timezone.now():%Y%m%d%H}"
    cache.add(counter, 0, HOUR)
    try:
        count = cache.incr(counter)
    except ValueError:  # it was not taken, or has expired between two lines
        return uncounted
    # None while Redis is away.
    return uncounted if count is None else count > an_hour
