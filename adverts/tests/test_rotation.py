import datetime
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from adverts.models import MAX_WEIGHT, Booking
from adverts.rotation import whose_turn

NOON = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


def bookings(*weights: int) -> list[Booking]:
    return [Booking(pk=number, weight=weight) for number, weight in enumerate(weights, start=1)]


def start_of_a_round(turns: int) -> datetime.datetime:
    minute = int(NOON.timestamp()) // 60
    return NOON - (minute % turns) * MINUTE


def test_nobody_has_a_turn_where_nothing_is_booked():
    assert whose_turn([], slot="sidebar", now=NOON) is None


def test_one_booking_always_has_its_turn():
    [only] = bookings(3)
    assert {whose_turn([only], slot="sidebar", now=NOON + n * MINUTE) for n in range(10)} == {only}


@given(st.lists(st.integers(1, MAX_WEIGHT), min_size=1, max_size=8))
def test_in_each_round_everybody_has_as_many_minutes_as_their_weight(weights):
    turns, first = sum(weights), start_of_a_round(sum(weights))
    shown = Counter(whose_turn(bookings(*weights), slot="sidebar", now=first + n * MINUTE).pk for n in range(turns))
    assert shown == dict(enumerate(weights, start=1))


def test_all_of_a_minute_shows_the_same():
    seconds = [NOON, NOON + datetime.timedelta(seconds=31), NOON + MINUTE - datetime.timedelta(microseconds=1)]
    assert len({whose_turn(bookings(1, 1, 1), slot="sidebar", now=now).pk for now in seconds}) == 1


def test_what_is_shown_does_not_depend_on_the_process():
    # Written down, so that this run is compared with another one.
    shown = [whose_turn(bookings(3, 1, 2), slot="sidebar", now=NOON + n * MINUTE).pk for n in range(12)]
    assert shown == [3, 3, 1, 2, 1, 1, 3, 1, 2, 3, 1, 1]


def test_rounds_differ_so_that_nobody_has_the_same_minutes_for_ever():
    first = start_of_a_round(10)
    rounds = [
        tuple(whose_turn(bookings(5, 5), slot="sidebar", now=first + (10 * r + n) * MINUTE).pk for n in range(10))
        for r in range(6)
    ]
    assert len(set(rounds)) > 1
