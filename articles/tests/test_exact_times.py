"""To the second, in every list at once, with no process but the web server; also where the clock goes back."""

import datetime
import re
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from articles.admin.moment import MomentField, ZonedSplitDateTime
from articles.models import Article
from articles.tests.factories import make_article, make_contributor, make_section
from articles.tests.story_form import form_of, url
from articles.workflow import Status

SECOND = datetime.timedelta(seconds=1)
PRAGUE = "Europe/Prague"
#: 25 October 2026: from 03:00 CEST the clock goes back to 02:00 CET. Both are 02:30 there.
FIRST_HALF_PAST_TWO = datetime.datetime(2026, 10, 25, 0, 30, tzinfo=datetime.UTC)
SECOND_HALF_PAST_TWO = datetime.datetime(2026, 10, 25, 1, 30, tzinfo=datetime.UTC)


def clean(day: str, time: str):
    return MomentField(required=False).clean([day, time])


@pytest.fixture
def prague(settings):
    settings.TIME_ZONE = PRAGUE
    timezone.deactivate()


# --- What an editor types ---


def test_an_ordinary_time_is_the_newsrooms(prague):
    assert clean("2026-11-24", "06:00") == datetime.datetime(2026, 11, 24, 6, tzinfo=ZoneInfo(PRAGUE))
    assert clean("", "") is None


def test_a_time_that_comes_twice_is_asked_about(prague):
    with pytest.raises(ValidationError, match=r"comes twice that night. Write 02:30 CEST or 02:30 CET"):
        clean("2026-10-25", "02:30")
    assert clean("2026-10-25", "02:30 CEST") == FIRST_HALF_PAST_TWO
    assert clean("2026-10-25", "02:30:00 cet") == SECOND_HALF_PAST_TWO


def test_a_time_that_is_left_out_is_refused(prague):
    with pytest.raises(ValidationError, match="02:30 does not exist on 28 March 2027"):
        clean("2027-03-28", "02:30")


@pytest.mark.parametrize(
    ("day", "time", "sentence"),
    [
        ("2026-11-24", "", "both a date and a time"),
        ("", "06:00", "both a date and a time"),
        ("0001-01-01", "00:00", "a year from 1000"),
        ("0999-12-31", "06:00", "a year from 1000"),
        ("9999-12-31", "23:59", "to 9998"),
        ("2026-11-24", "25:00", "valid time"),
        ("2026-11-24", "soon", "valid time"),
        ("2026-11-24", "06:00 CEST", "It is 06:00 CET then"),
        ("tomorrow", "06:00", "valid date"),
    ],
)
def test_what_is_no_time_is_said_so(prague, day, time, sentence):
    with pytest.raises(ValidationError, match=sentence):
        clean(day, time)


@pytest.mark.parametrize("moment", [FIRST_HALF_PAST_TWO, SECOND_HALF_PAST_TWO])
def test_what_the_form_shows_is_what_it_takes(prague, moment):
    day, time = ZonedSplitDateTime().decompress(moment)
    assert clean(day, time) == moment


@pytest.mark.django_db
@pytest.mark.parametrize("moment", [FIRST_HALF_PAST_TWO, SECOND_HALF_PAST_TWO])
def test_a_story_of_the_repeated_hour_can_still_be_saved(prague, client, editor, moment):
    article = make_article(publish_at=moment)
    client.force_login(editor)
    page = client.get(url(article)).content.decode()
    shown = re.search(r'name="publish_at_1" value="([^"]+)"', page)[1]
    assert shown.startswith("02:30:00 CE")
    client.post(url(article), form_of(article, publish_at_1=shown, standfirst="Saved."))
    article.refresh_from_db()
    assert (article.standfirst, article.publish_at) == ("Saved.", moment)


# --- What readers see ---


def places(article: Article) -> list[str]:
    """Every page of ours that lists a story of these days."""
    day = article.published_on
    tag, person = article.tags.get(), article.bylines.get().contributor
    return [
        "/", "/latest/", article.section.get_absolute_url(), tag.get_absolute_url(), person.get_absolute_url(),
        f"/{day:%Y}/", f"/{day:%Y/%m}/", f"/{day:%Y/%m/%d}/", f"/sitemap-{day:%Y-%m}.xml", "/news-sitemap.xml",
        *(
            page + feed
            for page in ("/", article.section.get_absolute_url(), tag.get_absolute_url(), person.get_absolute_url())
            for feed in ("feed/", "feed/atom/", "feed/json/")
        ),
        *(f"/search/{feed}?q=On+the+dot" for feed in ("", "feed/", "feed/atom/", "feed/json/")),
        article.get_absolute_url(),
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime(2026, 11, 24, 5, 0, tzinfo=datetime.UTC),
        FIRST_HALF_PAST_TWO,
        SECOND_HALF_PAST_TWO,
        datetime.datetime(2027, 3, 28, 1, 0, tzinfo=datetime.UTC),
        datetime.datetime(2026, 12, 31, 23, 0, tzinfo=datetime.UTC),
    ],
    ids=["a morning", "the first 02:30", "the second 02:30", "the moment that jumps", "a new year"],
)
def test_a_scheduled_story_is_absent_a_second_before_and_present_on_time(prague, time_machine, moment):
    time_machine.move_to(moment - datetime.timedelta(days=1), tick=False)
    section, person = make_section(), make_contributor()
    # Another story on the same day, so that the archives are there before.
    for before in (datetime.timedelta(hours=2), datetime.timedelta(hours=3)):
        make_article(section=section, publish_at=moment - before, tags=("Strait",), bylines=((person, "written"),))
    article = make_article(
        headline="On the dot", section=section, tags=("Strait",), bylines=((person, "written"),), publish_at=moment
    )
    marker = article.get_absolute_url()
    client = Client()
    time_machine.move_to(moment - SECOND, tick=False)
    assert [place for place in places(article)[:-1] if marker in client.get(place).content.decode()] == []
    assert client.get(marker).status_code == 404
    time_machine.move_to(moment, tick=False)
    answers = {place: client.get(place) for place in places(article)}
    assert [place for place, answer in answers.items() if marker not in answer.content.decode()] == []
    assert answers[marker].status_code == 200
    article.withdraw(None)
    assert [place for place in places(article)[:-1] if marker in client.get(place).content.decode()] == []
    assert client.get(marker).status_code == 410
    assert Article.objects.filter(status=Status.WITHDRAWN).count() == 1
