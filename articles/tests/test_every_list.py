"""Each kind of list has all that a list of stories has. Tried, and not read from where it is said (articles.lists)."""

import datetime
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.db.models import ProtectedError
from django.utils import timezone
from lxml import etree

from articles.editing.preflight import leads_somewhere
from articles.feeds import feed_path
from articles.lists import KINDS
from articles.models import Article, ChangedFeed
from articles.models.slug import Slugged
from articles.syndication.formats import FORMATS
from articles.tests.factories import make_article
from articles.workflow import Status
from newsportal.page_cache import schedule
from newsportal.tests.served import Served

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = datetime.timedelta(hours=1)
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture(params=KINDS, ids=[kind.name for kind in KINDS])
def kind(request):
    return request.param


@pytest.fixture
def subject(kind):
    return kind.model.objects.create(name="Harbours")


@pytest.fixture
def other(kind):
    return kind.model.objects.create(name="Mountains")


def put(article, kind, subject) -> None:
    """As the desk does it, into the list of this subject and no other of its kind."""
    if kind.rows:
        kind.rows.objects.filter(**{kind.story: article}).delete()
        kind.rows.objects.create(**{kind.story: article, kind.name: subject})
    else:
        setattr(article, kind.name, subject)
        article.save()


def make_listed(*, kind, subject, **fields):
    article = make_article(**fields)
    put(article, kind, subject)
    return article


def places(subject) -> list[str]:
    """The page, and each of its feeds."""
    page = subject.get_absolute_url()
    return [page, *(feed_path(page, format) for format in FORMATS)]


def in_sitemaps(client) -> set[str]:
    def named(path: str) -> list[str]:
        return [urlsplit(loc.text).path for loc in etree.fromstring(client.get(path).content).iter(LOC)]

    return {path for file in named("/sitemap.xml") for path in named(file)}


def told_to_the_hub() -> set[str]:
    told = set(ChangedFeed.objects.values_list("place", flat=True))
    ChangedFeed.objects.all().delete()
    return told


def test_whatever_has_an_address_made_of_its_name_is_a_kind_of_list():
    assert {model for model in apps.get_models() if issubclass(model, Slugged)} == {kind.model for kind in KINDS}


def test_page_and_feeds_show_its_stories_and_no_others(client, kind, subject, other):
    make_listed(kind=kind, subject=subject, headline="Rain on the quay")
    make_listed(kind=kind, subject=other, headline="Snow on the ridge")
    for place in places(subject):
        response = client.get(place)
        assert response.status_code == 200, place
        assert "Rain on the quay" in response.content.decode(), place
        assert "Snow on the ridge" not in response.content.decode(), place


def test_stories_stand_at_their_time_also_when_they_get_another(client, kind, subject):
    now = timezone.now()
    for hours, headline in ((1, "Rain"), (2, "Snow")):
        make_listed(kind=kind, subject=subject, headline=headline, publish_at=now - HOUR * hours)
    older = kind.stories_of(subject).get(headline="Snow")

    def headlines():
        return [story["headline"] for story in client.get(subject.get_absolute_url()).context["page"].items]

    assert headlines() == ["Rain", "Snow"]
    older.publish_at = now - HOUR / 2
    older.save()
    assert headlines() == ["Snow", "Rain"]
    older.publish_at = now + HOUR
    older.save()
    assert headlines() == ["Rain"]


def test_what_is_kept_of_it_is_made_anew_when_it_has_other_stories_and_only_then(kind, subject, other):
    schedule._known.clear()
    served = Served()
    for each in (subject, other):
        make_listed(kind=kind, subject=each, headline="Rain on the quay")
    coming = make_listed(kind=kind, subject=subject, headline="Fog at noon", status=Status.DRAFT)
    for place in (*places(subject), *places(other)):
        assert "Fog at noon" not in served.get(place).text
    coming.publish(None)
    made = served.made
    for place in places(other):
        served.get(place)
    assert served.made == made, "of the other list nothing has changed"
    for place in places(subject):
        assert "Fog at noon" in served.get(place).text, place
        assert "Opinion" not in served.get(place).text, place
    coming.kind = Article.Kind.OPINION
    coming.save()
    for place in places(subject):
        assert "Opinion" in served.get(place).text, place
    coming.withdraw(None)
    for place in places(subject):
        assert "Fog at noon" not in served.get(place).text, place


def test_sitemaps_name_it(client, kind, subject):
    make_listed(kind=kind, subject=subject)
    assert subject.get_absolute_url() in in_sitemaps(client)


def test_the_hub_is_told_of_its_feeds(client, settings, kind, subject, other):
    settings.WEBSUB_HUB = "https://hub.example.org/"
    both = {subject.get_absolute_url(), other.get_absolute_url()}

    def told() -> set[str]:
        return told_to_the_hub() & both

    article = make_article()
    put(article, kind, subject)
    assert told() == {subject.get_absolute_url()}
    article.headline = "Another headline"
    article.save()
    assert told() == {subject.get_absolute_url()}
    put(article, kind, other)
    assert told() == both
    article.withdraw(None)
    assert told() == {other.get_absolute_url()}
    article.publish(None)
    # It is told addresses that are made of these: each is there to be fetched.
    changed = told_to_the_hub()
    assert changed > {other.get_absolute_url()}
    assert {client.get(feed_path(place, format)).status_code for place in changed for format in FORMATS} == {200}


def test_the_hub_is_told_of_one_that_is_deleted_with_stories_in_it(settings, kind, subject):
    settings.WEBSUB_HUB = "https://hub.example.org/"
    make_listed(kind=kind, subject=subject)
    told_to_the_hub()
    page = subject.get_absolute_url()
    try:
        subject.delete()
    except ProtectedError:
        assert kind.stories_of(subject).public().exists()
        assert told_to_the_hub() == set()
    else:
        assert told_to_the_hub() == {"/", page}


def test_addresses_that_it_had_lead_on(client, kind, subject):
    make_listed(kind=kind, subject=subject)
    before = places(subject)
    subject.slug = "ports"
    subject.save()
    for old, new in zip(before, places(subject), strict=True):
        response = client.get(f"{old}?utm_source=letter")
        assert (response.status_code, response["Location"]) == (301, f"{new}?utm_source=letter")
    assert leads_somewhere(before[0], timezone.now())


def test_links_to_it_lead_somewhere_before_a_story_goes_out(client, kind, subject):
    make_listed(kind=kind, subject=subject)
    page = subject.get_absolute_url()
    assert leads_somewhere(page, timezone.now())
    assert not leads_somewhere(page.replace(subject.slug, "nowhere"), timezone.now())


def test_whether_there_is_an_empty_one_is_said_alike_everywhere(client, kind, subject):
    make_listed(kind=kind, subject=subject, status=Status.DRAFT)
    before = places(subject)
    statuses = {client.get(place).status_code for place in before}
    found = statuses == {200}
    assert statuses in ({200}, {404})
    assert leads_somewhere(before[0], timezone.now()) == found
    subject.slug = "ports"
    subject.save()
    assert {client.get(place).status_code for place in before} == ({301} if found else {404})
    assert leads_somewhere(before[0], timezone.now()) == found
