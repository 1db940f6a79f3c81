import datetime
import re

import pytest
from django.template import Context, Template

from adverts.models import Placement
from adverts.tests.factories import DAY, make_booking, make_picture, make_section, make_sponsor

pytestmark = pytest.mark.django_db


def show(source: str, **context) -> str:
    return Template("{% load adverts %}" + source).render(Context(context))


def slot(placement: str = Placement.BELOW_STORY, **context) -> str:
    return show(f'{{% advert_slot "{placement}" section=section %}}', **context)


def test_an_advert_says_what_it_is_who_pays_and_where_it_leads():
    make_booking(
        sponsor=make_sponsor(name="Strait Ferries & Sons"),
        headline="Sail to the lighthouse",
        text="Every hour <from> the old quay.",
        call_to_action="See the timetable",
        url="https://ferries.example/?from=paper&to=quay",
    )
    html = slot()
    assert "Advertisement" in html
    assert "Strait Ferries &amp; Sons" in html
    assert "Sail to the lighthouse" in html
    assert "Every hour &lt;from&gt; the old quay." in html
    assert "See the timetable" in html
    assert 'href="https://ferries.example/?from=paper&amp;to=quay" rel="sponsored noopener"' in html


def test_a_picture_has_its_size_and_its_words_in_the_page():
    make_booking(headline="", picture=make_picture(width=600, height=200, alt="A ferry under way"))
    html = slot()
    assert 'alt="A ferry under way"' in html
    assert 'width="600" height="200"' in html
    assert "advert-words" not in html


def test_an_advert_brings_no_script_no_style_attribute_and_nothing_from_elsewhere():
    make_booking(picture=make_picture(), text="Text", call_to_action="Go")
    assert not re.search(r"<(script|style|iframe)|\s(style|on\w+)=|src(set)?=\"(https?:)?//", slot())


def test_an_empty_slot_is_nothing_at_all():
    assert slot() == ""


def test_a_page_can_leave_out_what_stands_around_an_empty_slot():
    source = '{% advert_slot "sidebar" as advert %}{% if advert %}<div>{{ advert }}</div>{% endif %}'
    assert show(source) == ""
    make_booking(placement=Placement.SIDEBAR)
    assert "<aside" in show(source)


def test_each_placement_shows_its_own_bookings():
    for placement in Placement:
        make_booking(placement=placement, headline=f"For {placement}")
    for placement in Placement:
        html = slot(placement)
        assert [other for other in Placement if f"For {other}" in html] == [placement]


def test_a_placement_that_does_not_exist_is_an_error_and_not_an_empty_slot():
    with pytest.raises(ValueError, match="sidebra"):
        slot("sidebra")


@pytest.mark.parametrize(
    ("starts_in", "ends_in", "shown"),
    [(-2, -1, False), (-2, 0, False), (-1, 1, True), (0, 1, True), (1, 2, False)],
)
def test_a_slot_shows_what_runs_now(time_machine, starts_in, ends_in, shown):
    now = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
    time_machine.move_to(now, tick=False)
    make_booking(starts_at=now + starts_in * DAY, ends_at=now + ends_in * DAY)
    assert bool(slot()) == shown


def test_sections_limit_where_a_booking_is_shown():
    city, sport, science = make_section(), make_section(), make_section()
    make_booking(sections=[city, sport])
    assert slot(section=city)
    assert slot(section=sport)
    assert not slot(section=science)
    assert not slot(section=None)


def test_a_booking_without_sections_is_shown_everywhere():
    make_booking()
    assert slot(section=make_section())
    assert slot(section=None)


def test_a_booking_for_many_sections_has_no_more_turns_in_one_of_them(time_machine):
    now = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
    time_machine.move_to(now, tick=False)
    city, sport = make_section(), make_section()
    make_booking(headline="Wide", sections=[city, sport])
    make_booking(headline="Narrow", sections=[city])
    shown = []
    for minute in range(20):
        time_machine.move_to(now + datetime.timedelta(minutes=minute), tick=False)
        shown.append("Wide" in slot(section=city))
    assert shown.count(True) == 10


def test_all_slots_of_a_page_cost_one_query(rf, django_assert_num_queries):
    city = make_section()
    for placement in (Placement.BELOW_STORY, Placement.SIDEBAR):
        make_booking(placement=placement, picture=make_picture(), sections=[city, make_section()])
        make_booking(placement=placement)
    source = '{% advert_slot "below_story" section=section %}{% advert_slot "sidebar" section=section %}'
    with django_assert_num_queries(1):
        assert show(source, request=rf.get("/"), section=city).count("<aside") == 2


def test_pages_without_adverts_cost_one_query_too(rf, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert show('{% advert_slot "below_story" %}{% advert_slot "sidebar" %}', request=rf.get("/")) == ""


def test_what_one_request_has_asked_is_not_kept_for_the_next(rf):
    assert show('{% advert_slot "sidebar" %}', request=rf.get("/")) == ""
    make_booking(placement=Placement.SIDEBAR)
    assert "<aside" in show('{% advert_slot "sidebar" %}', request=rf.get("/"))


def test_all_of_a_minute_shows_the_same_page(time_machine):
    noon = datetime.datetime(2026, 3, 1, 12, 0, tzinfo=datetime.UTC)
    time_machine.move_to(noon, tick=False)
    for headline in ("One", "Two", "Three"):
        make_booking(headline=headline)
    pages = set()
    for second in (0, 20, 59):
        time_machine.move_to(noon + datetime.timedelta(seconds=second), tick=False)
        pages.add(slot())
    assert len(pages) == 1
