"""Feeds: read by an ordinary feed reader, they say what was published; they are valid, exact, and cost the same at any size."""

import datetime
import json
import re
from email.utils import parsedate_to_datetime
from pathlib import Path

import feedparser
import lxml.html
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import etree

from articles import feeds
from articles.body import portable
from articles.lists import CONTRIBUTOR, SECTION, TAG
from articles.models import Article, Byline, TaggedArticle
from articles.syndication.formats import FORMATS
from articles.tests.archive import fill, make_newsroom
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from articles.tests.payloads import PAYLOADS
from articles.tests.plans import plan_of

pytestmark = pytest.mark.django_db

ATOM_SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "schemas" / "atom.rng"))
HOUR = datetime.timedelta(hours=1)
PLACES = ["feed/", "feed/atom/", "feed/json/"]


def parse(client, url: str) -> feedparser.FeedParserDict:
    """As a feed reader does, which sanitises; a feed that is not well-formed fails here."""
    response = client.get(url)
    assert response.status_code == 200
    parsed = feedparser.parse(response.content, response_headers={"content-type": response["Content-Type"]})
    assert not parsed.bozo, parsed.get("bozo_exception")
    return parsed


def raw(client, url: str) -> str:
    return client.get(url).content.decode()


def make_full_article(**fields) -> Article:
    image = make_image(alt="A red boat", caption="The boat.", credit="Mira Vale")
    body = (
        f'<p>It <a href="/latest/">rained</a>.</p><figure data-image="{image.pk}"></figure>'
        '<figure data-embed="https://www.youtube.com/watch?v=dQw4w9WgXcQ"></figure>'
        '<aside class="pullquote"><p>It rained.</p></aside><table><tbody><tr><td>1</td></tr></tbody></table>'
    )
    people = [make_contributor(name=name) for name in ("Zora", "Abel", "Mira")]
    defaults = {
        "headline": "Rain on the harbour", "standfirst": "All day.", "body": body, "lead_image": image, "tags": ("Trams", "Ärger"),
        "bylines": ((people[0], "written"), (people[1], "written"), (people[2], "photographs")),
    }  # fmt: skip
    return make_article(**defaults | fields)


def feed_places(article: Article) -> list[str]:
    subjects = [article.section, article.tags.first(), article.bylines.first().contributor]
    return [page + place for page in ["/", *(s.get_absolute_url() for s in subjects)] for place in PLACES]


# --- What they say ---


@pytest.mark.parametrize("place", PLACES[:2])
def test_a_feed_reader_finds_what_was_published(client, place):
    article = make_full_article()
    parsed = parse(client, f"/{place}")
    [entry] = parsed.entries
    assert entry.title == "Rain on the harbour"
    assert entry.link == f"http://testserver{article.get_absolute_url()}"
    assert entry.summary == "All day."
    assert [author.name for author in entry.authors] == ["Zora", "Abel"]
    assert [other.name for other in entry.contributors] == ["Mira"]
    assert [tag.term for tag in entry.tags] == [article.section.name, "Trams", "Ärger"]
    published = datetime.datetime(*entry.published_parsed[:6], tzinfo=datetime.UTC)
    assert published == article.publish_at.replace(microsecond=0)
    [media] = entry.media_content
    assert media["url"].startswith("http://testserver/media/renditions/")
    assert media["medium"] == "image"
    assert entry.media_thumbnail[0]["url"].endswith(".jpg")
    assert parsed.feed.title == "The Test Post"
    assert parsed.feed.language == "en-gb"
    assert {link.rel: link.href for link in parsed.feed.links}["self"] == f"http://testserver/{place}"


def test_a_json_feed_has_what_its_version_demands(client):
    article = make_full_article()
    response = client.get("/feed/json/")
    assert response["Content-Type"].startswith("application/feed+json")
    feed = json.loads(response.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] and feed["home_page_url"] == "http://testserver/"
    assert feed["feed_url"] == "http://testserver/feed/json/"
    [item] = feed["items"]
    assert isinstance(item["id"], str) and item["id"]
    assert item["url"] == f"http://testserver{article.get_absolute_url()}"
    assert item["title"] == "Rain on the harbour" and "<p>It " in item["content_html"]
    assert [author["name"] for author in item["authors"]] == ["Zora", "Abel", "Mira"]
    assert item["tags"] == [article.section.name, "Trams", "Ärger"]
    assert datetime.datetime.fromisoformat(item["date_published"]) == article.publish_at
    assert "date_modified" not in item
    assert item["image"].startswith("http://testserver/media/")


def test_each_of_them_is_of_its_own_stories(client):
    article = make_full_article()
    other = make_article(headline="Elsewhere")
    for url in feed_places(article)[3:]:
        text = raw(client, url)
        assert article.get_absolute_url() in text, url
        assert other.get_absolute_url() not in text, url
    for missing in ("/sections/none/feed/", "/tags/none/feed/atom/", "/authors/none/feed/json/"):
        assert client.get(missing).status_code == 404


@pytest.mark.parametrize("place", PLACES)
def test_a_search_can_be_followed_with_its_filters(client, place):
    harbour = make_section(name="Harbour")
    found = make_article(headline="Vladimír und die “Möwe”", section=harbour)
    make_article(headline="Vladimír elsewhere")
    make_article(headline="Gulls", section=harbour)
    make_article(headline="Vladimír tomorrow", section=harbour, publish_at=timezone.now() + HOUR)
    asked = f"?q=vladimir&section={harbour.slug}"
    page = client.get(f"/search/{asked}").content.decode()
    assert "/search/feed/?q=vladimir&amp;section=" in page
    body = raw(client, f"/search/{place}{asked}")
    assert found.get_absolute_url() in body
    assert "elsewhere" not in body and "Gulls" not in body and "tomorrow" not in body
    for anything in ("", "?q=", "?q=%00%22*", "?q=-", "?q=" + "x" * 10_000, "?section=nowhere"):
        assert client.get(f"/search/{place}{anything}").status_code == 200


def test_empty_feeds_are_feeds(client):
    for thing in (make_section(), make_contributor()):
        for place in PLACES[:2]:
            assert parse(client, thing.get_absolute_url() + place).entries == []
        assert json.loads(raw(client, thing.get_absolute_url() + "feed/json/"))["items"] == []
        assert ATOM_SCHEMA.validate(etree.fromstring(raw(client, thing.get_absolute_url() + "feed/atom/").encode()))


# --- Their text ---


def test_the_text_stands_on_its_own(client):
    make_full_article()
    [entry] = json.loads(raw(client, "/feed/json/"))["items"]
    html = entry["content_html"]
    for address in re.findall(r'(?:href|src)="([^"]*)"', html):
        assert address.startswith(("http://testserver/", "https://www.youtube.com/")), address
    for candidates in re.findall(r'srcset="([^"]*)"', html):
        assert all(candidate.strip().startswith("http://testserver/") for candidate in candidates.split(","))
    assert html.count("<img ") == 2
    assert '<a href="https://www.youtube.com/watch?v=dQw4w9WgXcQ">' in html
    assert "<blockquote><p>It rained.</p></blockquote>" in html
    assert "<table><tbody><tr><td>1</td></tr></tbody></table>" in html
    assert not re.search(r'\s(class|rel|loading|decoding|role|tabindex|data-[\w-]+)="|<(picture|source|div|span)', html)


@pytest.mark.parametrize(
    "html", ["", "<p>x</p>", '<p><a href="http://[">x</a></p>', "<p>&lt;b&gt; &amp;</p>", "<hr><p>a<br>b</p>"]
)
def test_what_needs_no_change_stays_as_it_is(html):
    assert portable(html, "https://news.example.org/2026/01/01/a/") == html


def test_who_paid_for_a_story_is_told(client):
    make_article(headline="A fine mattress", kind="sponsored")
    for place in PLACES[:2]:
        [entry] = parse(client, f"/{place}").entries
        assert entry.title == "Sponsored: A fine mattress"
        assert "Sponsored" in [tag.term for tag in entry.tags]
        assert "<strong>Sponsored</strong>" in entry.content[0].value


# --- When ---


def test_an_id_outlives_a_change_of_the_address(client):
    article = make_article()
    before = [parse(client, f"/{place}").entries[0].id for place in PLACES[:2]]
    article.slug = "quite-another"
    article.save()
    entries = [parse(client, f"/{place}").entries[0] for place in PLACES[:2]]
    assert (
        [entry.id for entry in entries]
        == before
        == [f"tag:testserver,{article.created_at:%Y-%m-%d}:story-{article.pk}"] * 2
    )
    assert all(entry.link.endswith("/quite-another/") for entry in entries)
    assert 'isPermaLink="false"' in raw(client, "/feed/")


def test_a_mere_save_is_no_update_and_a_correction_is_one(client):
    article = make_article()
    article.standfirst = "Saved."
    article.save()
    published = article.publish_at.astimezone(datetime.UTC).replace(microsecond=0)
    assert "updated" not in parse(client, "/feed/").entries[0]
    atom = parse(client, "/feed/atom/").entries[0]
    assert datetime.datetime(*atom.updated_parsed[:6], tzinfo=datetime.UTC) == published
    article.correct(None, "It was snow.")
    updated = article.updated_at.astimezone(datetime.UTC).replace(microsecond=0)
    for place in PLACES[:2]:
        entry = parse(client, f"/{place}").entries[0]
        assert datetime.datetime(*entry.updated_parsed[:6], tzinfo=datetime.UTC) == updated, place
        assert datetime.datetime(*entry.published_parsed[:6], tzinfo=datetime.UTC) == published, place
        assert "It was snow." in entry.content[0].value
    item = json.loads(raw(client, "/feed/json/"))["items"][0]
    assert datetime.datetime.fromisoformat(item["date_modified"]) == article.updated_at
    assert item["date_modified"].endswith("+01:00")


def test_what_has_not_changed_is_not_sent_again(client):
    older = make_article(
        publish_at=timezone.now() - 2 * HOUR, tags=("Trams",), bylines=((make_contributor(), "written"),)
    )
    newer = make_article(
        section=older.section, tags=("Trams",), bylines=((older.bylines.get().contributor, "written"),)
    )

    def changed(tags: dict[str, str]) -> set[str]:
        return {url for url, tag in tags.items() if client.get(url, headers={"if-none-match": tag}).status_code != 304}

    urls = feed_places(older)
    tags = {url: client.get(url)["ETag"] for url in urls}
    assert changed(tags) == set()
    assert client.get("/feed/", headers={"if-none-match": tags["/feed/"]}).content == b""
    newer.save()
    assert changed(tags) == set()
    older.correct(None, "It was snow.")
    assert changed(tags) == set(urls)
    tags = {url: client.get(url)["ETag"] for url in urls}
    older.withdraw(None)
    assert changed(tags) == set(urls)
    # A time of whole seconds cannot tell two changes within one apart: we give none.
    assert "Last-Modified" not in client.get("/feed/")


# --- Validity ---


@pytest.fixture
def payloads():
    for number, payload in enumerate(PAYLOADS):
        person = make_contributor(name=f"<b>{number}</b> & {payload[:20]}")
        article = make_article(headline=f"Story {number}", tags=(f"a & <b> {number}",), bylines=((person, "written"),))
        Article.objects.filter(pk=article.pk).update(
            headline=payload,
            standfirst=payload,
            body_html="<p>]]>&lt;script&gt;\x0b</p>",
        )


def test_every_headline_comes_through_whole(client, payloads):
    wanted = [re.sub("[\x07\x0b\ufffe]", "", payload) for payload in PAYLOADS[::-1]]
    for place, title in (("feed/", "channel/item/title"), ("feed/atom/", "{*}entry/{*}title")):
        document = etree.fromstring(client.get(f"/{place}").content)
        assert [found.text for found in document.findall(title)] == wanted
    assert len(json.loads(raw(client, "/feed/json/"))["items"]) == len(PAYLOADS)


def test_atom_is_valid_by_its_schema(client, payloads):
    article = make_full_article()
    article.correct(None, "It was snow.")
    for url in feed_places(article):
        if url.endswith("/atom/"):
            document = etree.fromstring(client.get(url).content)
            assert ATOM_SCHEMA.validate(document), ATOM_SCHEMA.error_log
            ids = [found.text for found in document.findall("{*}entry/{*}id")]
            assert len(ids) == len(set(ids))


def test_the_schema_refuses_what_is_no_atom(client):
    make_article()
    text = raw(client, "/feed/atom/")
    for right, wrong in (
        (r"<updated>[^<]*", "<updated>yesterday"),
        (r"<id>[^<]*</id>", ""),
        ('rel="self"', 'ref="self"'),
    ):
        assert not ATOM_SCHEMA.validate(etree.fromstring(re.sub(right, wrong, text).encode())), wrong


def test_rss_keeps_the_rules_of_its_specification(client, payloads):
    make_full_article()
    channel = etree.fromstring(client.get("/feed/").content).find("channel")
    assert channel.findtext("title") and channel.findtext("link") and channel.findtext("description")
    assert [element.get("rel") for element in channel.findall("{http://www.w3.org/2005/Atom}link")] == ["self"]
    once = ["title", "link", "guid", "pubDate", "description", "{http://purl.org/rss/1.0/modules/content/}encoded"]
    for item in channel.findall("item"):
        assert all(len(item.findall(name)) == 1 for name in once)
        assert item.find("guid").get("isPermaLink") == "false"
        assert parsedate_to_datetime(item.findtext("pubDate")).tzinfo
        assert item.findtext("link").startswith("http://testserver/")
    guids = [item.findtext("guid") for item in channel.findall("item")]
    assert len(guids) == len(set(guids))
    dates = [parsedate_to_datetime(item.findtext("pubDate")) for item in channel.findall("item")]
    assert dates == sorted(dates, reverse=True)
    # Only in elements of its own, of Atom, Dublin Core, content and media.
    assert {etree.QName(e).namespace for e in channel.iter()} == {
        None, "http://www.w3.org/2005/Atom", "http://purl.org/dc/elements/1.1/", "http://search.yahoo.com/mrss/",
        "http://purl.org/rss/1.0/modules/content/",
    }  # fmt: skip


# --- Cost ---


def test_a_feed_costs_as_many_queries_with_2000_stories_as_with_50(client):
    newsroom = make_newsroom()
    counts = []
    for stories in (50, 2_000):
        fill(newsroom, stories=stories)
        story = Article.objects.public().newest_first()[3]
        story.correct(None, "A correction.")
        counts.append({})
        for url in feed_places(story):
            with CaptureQueriesContext(connection) as queries:
                raw(client, url)
            counts[-1][url.split("/")[1]] = len(queries)
    assert counts[0] == counts[1]
    # One asks whether a next version is due, one for the section, tag or contributor.
    assert counts[0] == {"feed": 6, "sections": 7, "tags": 7, "authors": 7}


def test_a_feed_is_a_range_of_an_index():
    newsroom = make_newsroom()
    fill(newsroom, stories=2_000)
    # So few of all that to look through all of them is clearly worse, in any database.
    section = make_section()
    some = list(Article.objects.values_list("pk", flat=True)[:60])
    Article.objects.filter(pk__in=some).update(section=section)
    # What another test has left of statistics is none of these stories.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    tag, person = TaggedArticle.objects.first().tag, Byline.objects.first().contributor
    subjects = {
        "article_listing": feeds.site(None),
        "article_section_listing": feeds.Subject("/", SECTION.stories_of(section), key=SECTION.key),
        "tagged_article_listing": feeds.Subject("/", TAG.stories_of(tag), key=TAG.key),
        "byline_listing": feeds.Subject("/", CONTRIBUTOR.stories_of(person), key=CONTRIBUTOR.key),
    }
    for index, subject in subjects.items():
        with CaptureQueriesContext(connection) as queries:
            feeds.feed_of(subject, FORMATS[0])
        plan = plan_of(queries[0]["sql"])
        assert re.search(rf"(INDEX|Index (Only )?Scan( Backward)? using) {index} ", plan), plan
        assert not re.search(r"TEMP B-TREE|Sort", plan), plan


# --- Found and shown ---


def test_pages_name_their_feeds(client):
    article = make_full_article()
    for page in (
        "/",
        article.section.get_absolute_url(),
        "/tags/trams/",
        article.bylines.first().contributor.get_absolute_url(),
    ):
        html = raw(client, page)
        named = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', html)
        assert (("application/rss+xml", f"{page}feed/")) in named
        assert (("application/atom+xml", f"{page}feed/atom/")) in named
        assert (("application/feed+json", f"{page}feed/json/")) in named
        assert all(client.get(url).status_code == 200 for _type, url in named)
        assert f'<a href="{page}feed/">' in html


def test_the_hub_is_named_where_there_is_one(client, settings):
    make_article()
    assert client.get("/feed/")["Link"] == '<http://testserver/feed/>; rel="self"'
    assert "hubs" not in json.loads(raw(client, "/feed/json/"))
    settings.WEBSUB_HUB = "https://hub.example.org/?a=1&b=2"
    for place in PLACES[:2]:
        response = client.get(f"/{place}")
        assert (
            response["Link"]
            == f'<http://testserver/{place}>; rel="self", <https://hub.example.org/?a=1&b=2>; rel="hub"'
        )
        assert {link.rel: link.href for link in parse(client, f"/{place}").feed.links}["hub"] == settings.WEBSUB_HUB
    assert json.loads(raw(client, "/feed/json/"))["hubs"] == [{"type": "WebSub", "url": settings.WEBSUB_HUB}]


@pytest.mark.browser
def test_people_who_open_a_feed_can_read_it(live_server, watch, transactional_db):
    make_article(headline="Rain on the harbour", standfirst="All day.")
    page = watch.page()
    page.goto("/feed/")
    item = page.locator("item")
    assert item.locator("title").bounding_box()["height"] > 20
    assert item.evaluate("node => getComputedStyle(node).display") == "block"
    encoded = page.evaluate("getComputedStyle(document.getElementsByTagName('content:encoded')[0]).display")
    assert encoded == "none"


def test_a_summary_is_read_as_html_and_says_what_was_written(client):
    make_article(standfirst="Why x < y, what <b> does & why it’s so.")
    description = etree.fromstring(client.get("/feed/").content).findtext("channel/item/description")
    assert lxml.html.fromstring(f"<p>{description}</p>").text_content() == "Why x < y, what <b> does & why it’s so."
