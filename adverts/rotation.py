"""Whose turn it is in a place that several bookings share."""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence

from adverts.models import Booking

#: Seconds for which a slot shows the same advert.
TURN = 60


def whose_turn(bookings: Sequence[Booking], *, slot: str, now: datetime.datetime) -> Booking | None:
    """The booking that `slot` shows at this moment; None when there is none to show.

    Turns last a minute, and a round has as many turns as all weights together: in every round each booking has exactly
    as many turns as its weight. Each round is shuffled anew, so that nobody has the same minute of every hour. It all
    depends on the arguments alone: every process shows the same advert in the same minute, and a page can be kept.
    `bookings` must come in the same order each time.
    """
    turns = [booking for booking in bookings for _ in range(booking.weight)]
    if not turns:
        return None
    round_number, turn = divmod(int(now.timestamp()) // TURN, len(turns))
    random.Random(f"{slot} {round_number}").shuffle(turns)
    return turns[turn]


def next_turn(now: datetime.datetime) -> datetime.datetime:
    """When the turns that run at this moment are over."""
    return datetime.datetime.fromtimestamp((int(now.timestamp()) // TURN + 1) * TURN, datetime.UTC)
