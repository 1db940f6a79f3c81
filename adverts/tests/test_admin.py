import datetime

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from adverts.models import Booking, Placement
from adverts.tests.factories import DAY, make_booking, make_picture, make_section, make_sponsor

pytestmark = pytest.mark.django_db

LIST = "admin:adverts_booking_changelist"
ADD = "admin:adverts_booking_add"


@pytest.fixture
def desk(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def three_bookings():
    now = timezone.now()
    make_booking(headline="Last winter", starts_at=now - 3 * DAY, ends_at=now - DAY)
    make_booking(headline="This week", sections=[make_section(name="Lindhaven")], picture=make_picture())
    make_booking(headline="Next summer", starts_at=now + DAY, ends_at=now + 3 * DAY)


def test_the_list_says_what_runs_what_has_ended_and_what_is_coming(desk, three_bookings):
    html = desk.get(reverse(LIST)).content.decode()
    for state in ("ended", "running", "coming"):
        assert html.count(f'data-state="{state}"') == 1
    assert "Lindhaven" in html


@pytest.mark.parametrize(
    ("state", "headline"), [("ended", "Last winter"), ("running", "This week"), ("coming", "Next summer")]
)
def test_the_list_can_be_narrowed_to_a_status(desk, three_bookings, state, headline):
    response = desk.get(reverse(LIST), {"state": state})
    assert [booking.headline for booking in response.context["cl"].result_list] == [headline]


def test_the_list_costs_the_same_however_many_bookings_it_shows(desk, three_bookings, django_assert_max_num_queries):
    desk.get(reverse(LIST))
    for _ in range(10):
        make_booking(sections=[make_section()], picture=make_picture())
    with django_assert_max_num_queries(14):
        desk.get(reverse(LIST))


def form(**fields) -> dict:
    start = timezone.localtime(timezone.now() + DAY)
    end = start + datetime.timedelta(days=7)
    return {
        "sponsor": make_sponsor().pk,
        "placement": Placement.SIDEBAR,
        "headline": "Sail to the lighthouse",
        "url": "sponsor.example/ferries",
        "starts_at_0": f"{start:%Y-%m-%d}",
        "starts_at_1": f"{start:%H:%M:%S}",
        "ends_at_0": f"{end:%Y-%m-%d}",
        "ends_at_1": f"{end:%H:%M:%S}",
        "weight": 2,
    } | fields


def test_a_booking_is_made_and_an_address_without_a_scheme_is_taken_as_https(desk):
    response = desk.post(reverse(ADD), form())
    assert response.status_code == 302
    assert Booking.objects.get().url == "https://sponsor.example/ferries"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "javascript:alert(1)"}, "url"),
        ({"headline": ""}, "headline"),
        ({"ends_at_0": "2020-01-01"}, "ends_at"),
        ({"weight": 0}, "weight"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(desk, fields, field):
    response = desk.post(reverse(ADD), form(**fields))
    assert list(response.context["adminform"].form.errors) == [field]
    assert not Booking.objects.exists()


def test_a_front_page_booking_cannot_be_limited_to_sections(desk):
    response = desk.post(reverse(ADD), form(placement=Placement.FRONT_PAGE, sections=[make_section().pk]))
    assert list(response.context["adminform"].form.errors) == ["sections"]


def test_advertising_staff_do_their_work_and_reporters_do_not(client, reporter, outsider):
    outsider.is_staff = True
    outsider.save()
    outsider.groups.add(Group.objects.get(name="Advertising"))
    client.force_login(outsider)
    assert client.post(reverse(ADD), form()).status_code == 302
    client.force_login(reporter)
    assert client.get(reverse(LIST)).status_code == 403


def test_a_booking_begins_in_either_of_two_hours_of_the_same_name(desk, settings):
    settings.TIME_ZONE = "Europe/Prague"
    timezone.deactivate()
    night = {"starts_at_0": "2026-10-25", "ends_at_0": "2026-11-25", "ends_at_1": "12:00"}
    asked = desk.post(reverse(ADD), form(**night, starts_at_1="02:30")).content.decode()
    assert "comes twice that night" in asked
    assert desk.post(reverse(ADD), form(**night, starts_at_1="02:30 CET")).status_code == 302
    booking = Booking.objects.get()
    assert booking.starts_at == datetime.datetime(2026, 10, 25, 1, 30, tzinfo=datetime.UTC)
    page = desk.get(reverse("admin:adverts_booking_change", args=[booking.pk])).content.decode()
    assert 'value="02:30:00 CET"' in page
