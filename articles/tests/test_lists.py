"""Lists: their order, their pages, and who stands in them."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.bylines import bring_bylines
from articles.lists import CONTRIBUTOR, SECTION, TAG
from articles.models import Article, Byline, TaggedArticle
from articles.paging import PAGE_SIZE, Cursor, page_of
from articles.tests.archive import fill
from articles.tests.factories import make_article, make_contributor, make_image, make_section, make_tag
from articles.tests.plans import plan_of

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 3, 14, 12, 0, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


def follow(client, url: str, direction: str) -> list[list[int]]:
    """The stories' numbers on this page and on each that follows, along `older_url` or `newer_url`, to the end."""
    path = url.partition("?")[0]
    pages = []
    while url:
        page = client.get(url).context["page"]
        pages.append([article.pk for article in page.items])
        link = getattr(page, direction)
        url = path + link if link else ""
    return pages


def last_page(client, url: str) -> str:
    path = url
    while link := client.get(url).context["page"].older_url:
        url = path + link
    return url


def make_listed(*, count: int) -> tuple[list[int], dict[str, str]]:
    """Stories of one section, tag and contributor, several of them of the same moment; their numbers newest first."""
    section, contributor, tag = make_section(), make_contributor(), make_tag(name="Trams")
    articles = [
        make_article(
            section=section,
            tags=("Trams", "Weather"),
            bylines=((contributor, "written"), (contributor, "photographs")),
            publish_at=NOW - MINUTE * (number // 4),
        )
        for number in range(count)
    ]
    articles.sort(key=lambda article: (article.publish_at, article.pk), reverse=True)
    urls = {
        "latest": "/latest/",
        "section": section.get_absolute_url(),
        "tag": tag.get_absolute_url(),
        "author": contributor.get_absolute_url(),
        "year": "/2026/",
        "day": "/2026/03/14/",
    }
    return [article.pk for article in articles], urls


def test_every_list_can_be_walked_to_its_end_and_back(client):
    expected, urls = make_listed(count=2 * PAGE_SIZE + 5)
    pages = [expected[:PAGE_SIZE], expected[PAGE_SIZE : 2 * PAGE_SIZE], expected[2 * PAGE_SIZE :]]
    for name, url in urls.items():
        assert follow(client, url, "older_url") == pages, name
        back = [pk for page in follow(client, last_page(client, url), "newer_url")[::-1] for pk in page]
        assert back == expected, name


def test_a_story_published_meanwhile_neither_repeats_nor_skips_another(client):
    expected, _urls = make_listed(count=PAGE_SIZE + 3)
    older = client.get("/latest/").context["page"].older_url
    make_article(publish_at=NOW + MINUTE)
    assert [article.pk for article in client.get("/latest/" + older).context["page"].items] == expected[PAGE_SIZE:]


@pytest.mark.parametrize("cursor", ["x", "%00", "🦜", "MTIz", "A" * 5000, "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ"])
@pytest.mark.parametrize("direction", ["before", "after"])
def test_a_broken_cursor_is_a_page_that_does_not_exist(client, cursor, direction):
    assert client.get(f"/latest/?{direction}={cursor}").status_code == 404


@pytest.mark.parametrize("spelled", ["{}=", "!{}", "{}.", "{} ", "~{}~"])
def test_a_cursor_has_one_spelling(client, spelled):
    cursor = Cursor(NOW, 42)
    assert client.get("/latest/", {"before": str(cursor)}).status_code == 200
    assert client.get("/latest/", {"before": spelled.format(cursor)}).status_code == 404


def test_a_cursor_comes_back_as_it_was_written():
    cursor = Cursor(NOW + datetime.timedelta(microseconds=123_456), 42)
    assert Cursor.read(str(cursor)) == cursor


def test_a_contributor_with_two_roles_stands_in_their_list_once(client):
    contributor = make_contributor()
    make_article(bylines=((contributor, "written"), (contributor, "photographs")), headline="Only once")
    assert client.get(contributor.get_absolute_url()).content.decode().count("Only once") == 1


def test_a_list_follows_the_first_byline_when_it_is_taken_away():
    contributor = make_contributor()
    article = make_article(bylines=((contributor, "written"), (contributor, "photographs")))
    article.bylines.first().delete()
    assert article.bylines.get().publish_at == article.publish_at


def test_tags_and_bylines_added_later_are_listed_too():
    article = make_article()
    article.tags.add("Late")
    byline = article.bylines.create(contributor=make_contributor())
    assert article.tagged.get().publish_at == article.publish_at
    assert Byline.objects.get(pk=byline.pk).publish_at == article.publish_at


def test_lists_forget_a_withdrawn_story():
    article = make_article(tags=("Trams",), bylines=((make_contributor(), "written"),))
    article.withdraw(None)
    assert article.tagged.get().publish_at is None
    assert article.bylines.get().publish_at is None


def test_bylines_keep_their_order_and_group_by_role(client):
    people = [make_contributor(name=name) for name in ("Zora", "Abel", "Mira")]
    article = make_article(
        bylines=((people[0], "written"), (people[1], "written"), (people[2], "photographs")),
    )
    assert [(role, [str(p) for p in group]) for role, group in article.byline_groups] == [
        ("Written by", ["Zora", "Abel"]),
        ("Photographs by", ["Mira"]),
    ]
    page = client.get(article.get_absolute_url()).content.decode()
    assert page.index("Zora") < page.index("Abel") < page.index("Mira")


def test_whoever_reported_and_photographed_a_story_is_named_in_lists_once():
    contributor = make_contributor()
    article = make_article(bylines=((contributor, "reported"), (contributor, "photographs")))
    assert article.authors == [contributor]


def test_no_story_stands_on_the_front_page_twice(client):
    sections = [make_section(name=name) for name in ("Culture", "Ports", "Weather")]
    for number in range(40):
        make_article(section=sections[number % 3], publish_at=timezone.now() - MINUTE * (number + 1))
    context = client.get("/").context
    shown = [
        context["lead"],
        *context["secondary"],
        *context["latest"],
        *(a for r in context["rails"] for a in r.articles),
    ]
    assert len(shown) == len({article.pk for article in shown}) == 1 + 4 + 8 + 3 * 4
    assert [rail.section.instance for rail in context["rails"]] == sections


def test_an_empty_newspaper_still_has_a_front_page(client):
    response = client.get("/")
    assert response.status_code == 200


def test_empty_sections_and_authors_are_pages(client):
    for thing in (make_section(), make_contributor()):
        assert client.get(thing.get_absolute_url()).status_code == 200


def test_every_list_is_a_range_of_an_index():
    make_listed(count=3)
    # Enough others that one index is clearly better than the next, in any database.
    fill(
        ([make_section() for _ in range(7)], [make_contributor() for _ in range(3)], [make_tag() for _ in range(5)]),
        stories=400,
    )
    article, tag, author = (
        Article.objects.first(),
        TaggedArticle.objects.first().tag,
        Byline.objects.first().contributor,
    )
    lists = {
        "article_listing": (Article.objects.all(), ("publish_at", "pk")),
        "article_section_listing": (SECTION.stories_of(article.section), SECTION.key),
        "tagged_article_listing": (TAG.stories_of(tag), TAG.key),
        "byline_listing": (CONTRIBUTOR.stories_of(author), CONTRIBUTOR.key),
    }
    for index, (articles, key) in lists.items():
        for params in ({}, {"before": str(Cursor(NOW, 2))}, {"after": str(Cursor(NOW - MINUTE, 1))}):
            plan = plan_of_page(articles, params, key)
            assert re.search(rf"(INDEX|Index (Only )?Scan( Backward)? using) {index} ", plan), plan
            assert not re.search(r"TEMP B-TREE|Sort", plan), plan


def test_bylines_of_a_list_are_read_from_their_index_alone():
    make_listed(count=3)
    newsroom = (
        [make_section() for _ in range(7)],
        [make_contributor() for _ in range(3)],
        [make_tag() for _ in range(5)],
    )
    fill(newsroom, stories=400)
    stories = list(Article.objects.all()[:60])

    plan = plan_of_first(lambda: bring_bylines(stories))

    if connection.vendor == "sqlite":
        assert "COVERING INDEX byline_of_story " in plan, plan
        assert "TEMP B-TREE" not in plan, plan
    else:  # what it finds by a list of keys it sorts, so any index that begins with the story will do
        assert re.search(r"Index (Only )?Scan using byline_(of_story|is_unique) ", plan), plan
    assert all(len(story.bylines.all()) for story in stories)


@pytest.mark.parametrize(
    "url", ["/latest/", "/2026/", "/sections/town/", "/tags/trams/", "/authors/marit-sund/", "/search/?q=tram"]
)
def test_the_picture_on_top_of_a_list_does_not_wait(client, url):
    section = make_section(name="Town")
    marit = make_contributor(slug="marit-sund")
    for picture in (make_image(), make_image(), None):
        make_article(
            headline="A tram",
            lead_image=picture,
            section=section,
            tags=("Trams",),
            bylines=((marit, "written"),),
            publish_at=NOW,
        )

    def waits():
        return [
            'loading="lazy"' in picture
            for picture in re.findall(r"<img[^>]+/media/[^>]+>", client.get(url).content.decode())
        ]

    assert waits() == [True, True], "the first story has none, and what is below may never be seen"
    Article.objects.latest("pk").delete()
    assert waits() == [False, True]


def plan_of_page(articles, params, key) -> str:
    return plan_of_first(lambda: page_of(articles, params, key=key))


def plan_of_first(ask: Callable[[], Any]) -> str:
    """How the database would answer the first query if the tables were large: then it sorts nothing and scans no table."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    return plan_of(queries[0]["sql"])
