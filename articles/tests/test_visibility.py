"""One table of status × time: `public()`, `is_public()`, and every place where a story can appear agree on it."""

import datetime

import pytest
import time_machine
from django.utils import timezone

from articles.models import Article
from articles.tests.factories import make_article, make_contributor, make_section
from articles.workflow import Status

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)

TABLE = [
    (Status.DRAFT, -SECOND, False),
    (Status.DRAFT, SECOND, False),
    (Status.IN_REVIEW, -SECOND, False),
    (Status.IN_REVIEW, SECOND, False),
    (Status.PUBLISHED, -SECOND, True),
    (Status.PUBLISHED, datetime.timedelta(), True),
    (Status.PUBLISHED, SECOND, False),
    (Status.WITHDRAWN, -SECOND, False),
    (Status.WITHDRAWN, SECOND, False),
]

MARK = "A tram was seen flying"


@pytest.fixture
def noon():
    moment = datetime.datetime(2026, 3, 14, 12, 0, tzinfo=datetime.UTC)
    with time_machine.travel(moment, tick=False):
        yield moment


def places(article: Article, contributor) -> dict[str, str]:
    day = article.published_on or timezone.localdate(article.publish_at)
    return {
        "front": "/",
        "latest": "/latest/",
        "section": article.section.get_absolute_url(),
        "tag": "/tags/trams/",
        "author": contributor.get_absolute_url(),
        "year": f"/{day:%Y}/",
        "month": f"/{day:%Y/%m}/",
        "day": f"/{day:%Y/%m/%d}/",
        "sitemap": f"/sitemap-{day:%Y-%m}.xml",
        "news sitemap": "/news-sitemap.xml",
    }


@pytest.mark.parametrize(("status", "after_noon", "visible"), TABLE)
def test_a_story_is_seen_everywhere_or_nowhere(client, noon, status, after_noon, visible):
    contributor, section = make_contributor(), make_section()
    # Another story stands in each list, so that a list without ours is a page and not a 404.
    for headline in ("Something else", MARK):
        article = make_article(
            headline=headline,
            section=section,
            tags=("Trams",),
            bylines=((contributor, "written"),),
            status=status if headline == MARK else Status.PUBLISHED,
            publish_at=noon + after_noon if headline == MARK else noon - SECOND,
        )
    Article.objects.filter(pk=article.pk).update(publish_at=noon + after_noon)
    article.refresh_from_db()

    assert article.is_public() is visible
    assert Article.objects.public().filter(pk=article.pk).exists() is visible
    assert Article.objects.scheduled().filter(pk=article.pk).exists() is article.is_scheduled()
    for place, url in places(article, contributor).items():
        page = client.get(url).content.decode()
        wanted = article.slug if "sitemap" in place and "news" not in place else MARK
        assert (wanted in page) is visible, f"{place}: {url}"
    expected = 200 if visible else 410 if article.is_gone() else 404
    assert client.get(article.get_absolute_url()).status_code == expected


def test_a_scheduled_story_appears_in_its_second(client, noon):
    article = make_article(publish_at=noon + SECOND)
    with time_machine.travel(noon + 0.999 * SECOND, tick=False):
        assert client.get(article.get_absolute_url()).status_code == 404
        assert article.headline not in client.get("/latest/").content.decode()
    with time_machine.travel(noon + SECOND, tick=False):
        assert client.get(article.get_absolute_url()).status_code == 200
        assert article.headline in client.get("/latest/").content.decode()


def test_public_asks_the_clock_anew_each_time(noon):
    make_article(publish_at=noon + SECOND)
    assert not Article.objects.public().exists()
    with time_machine.travel(noon + SECOND, tick=False):
        assert Article.objects.public().exists()
    assert Article.objects.public(now=noon + SECOND).exists()


def test_a_related_story_must_be_public_too(client, noon):
    story = make_article(tags=("Trams",), publish_at=noon - SECOND)
    make_article(headline=MARK, tags=("Trams",), publish_at=noon + SECOND)
    assert MARK not in client.get(story.get_absolute_url()).content.decode()


def test_what_only_a_draft_is_about_has_no_page(client):
    make_article(status=Status.DRAFT, tags=("Secret plans",))
    for address in ("/tags/secret-plans/", "/tags/secret-plans/feed/", "/tags/secret-plans/feed/json/"):
        assert client.get(address).status_code == 404
    assert "There is no such tag" in client.get("/search/", {"q": "harbour", "tag": "secret plans"}).content.decode()
    make_article(tags=("Secret plans",))
    assert client.get("/tags/secret-plans/").status_code == 200
