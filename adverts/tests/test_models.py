import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from adverts.models import MAX_WEIGHT, Booking, Placement, State
from adverts.tests.factories import make_booking, make_picture, make_section, make_sponsor

pytestmark = pytest.mark.django_db

START = datetime.datetime(2026, 3, 1, 9, 0, tzinfo=datetime.UTC)
END = datetime.datetime(2026, 3, 8, 9, 0, tzinfo=datetime.UTC)
MOMENT = datetime.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (START - MOMENT, State.COMING),
        (START, State.RUNNING),
        (END - MOMENT, State.RUNNING),
        (END, State.ENDED),
        (END + MOMENT, State.ENDED),
    ],
)
def test_a_booking_runs_from_its_first_moment_until_just_before_its_last(now, state):
    booking = make_booking(starts_at=START, ends_at=END)
    lists = {
        State.COMING: Booking.objects.coming(now),
        State.RUNNING: Booking.objects.running(now),
        State.ENDED: Booking.objects.ended(now),
    }
    assert booking.state(now) == state
    assert [name for name, queryset in lists.items() if booking in queryset] == [state]


def test_time_is_asked_anew_for_each_question(time_machine):
    make_booking(starts_at=START, ends_at=END)
    time_machine.move_to(START - MOMENT)
    assert not Booking.objects.running().exists()
    time_machine.move_to(START)
    assert Booking.objects.running().exists()
    assert Booking.objects.get().state() == State.RUNNING


def problems(**fields) -> set[str]:
    defaults = {
        "sponsor": make_sponsor(),
        "placement": Placement.SIDEBAR,
        "headline": "Sail",
        "url": "https://sponsor.example/",
        "starts_at": START,
        "ends_at": END,
    }
    try:
        Booking(**(defaults | fields)).full_clean()
    except ValidationError as error:
        return set(error.message_dict)
    return set()


def test_a_whole_booking_has_no_problems():
    assert problems() == set()


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "ftp://sponsor.example/", "//sponsor.example/", "/relative/", ""]
)
def test_only_web_addresses_are_accepted(url):
    assert problems(url=url) == {"url"}
    with pytest.raises(IntegrityError), transaction.atomic():
        make_booking(url=url)


@pytest.mark.parametrize(
    "url", ["http://sponsor.example", "https://sponsor.example/a?b=1&c=2", "HTTPS://SPONSOR.EXAMPLE/"]
)
def test_web_addresses_are_kept_as_they_are(url):
    assert problems(url=url) == set()
    assert make_booking(url=url).url == url


@pytest.mark.parametrize("ends_at", [START, START - MOMENT])
def test_a_booking_must_end_after_it_starts(ends_at):
    assert problems(ends_at=ends_at) == {"ends_at"}
    with pytest.raises(IntegrityError), transaction.atomic():
        make_booking(starts_at=START, ends_at=ends_at)


def test_an_advert_needs_words_or_a_picture():
    assert problems(headline="") == {"headline"}
    with pytest.raises(IntegrityError), transaction.atomic():
        make_booking(headline="")
    assert problems(headline="", picture=make_picture()) == set()


@pytest.mark.parametrize("weight", [0, MAX_WEIGHT + 1])
def test_weights_have_bounds(weight):
    assert "weight" in problems(weight=weight)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_booking(weight=weight)


def test_a_booking_comes_once_for_each_of_its_sections_in_one_query(django_assert_num_queries):
    city, sport = make_section(), make_section()
    everywhere = make_booking()
    somewhere = make_booking(sections=[city, sport])
    with django_assert_num_queries(1):
        rows = [(row.pk, row.only_section) for row in Booking.objects.for_pages() if row.sponsor.name]
    assert sorted(rows, key=str) == sorted(
        [(everywhere.pk, None), (somewhere.pk, city.pk), (somewhere.pk, sport.pk)], key=str
    )


def test_a_picture_in_use_and_a_sponsor_with_bookings_cannot_be_deleted():
    booking = make_booking(picture=make_picture())
    with pytest.raises(ProtectedError):
        booking.picture.delete()
    with pytest.raises(ProtectedError):
        booking.sponsor.delete()
