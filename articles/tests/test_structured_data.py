"""What machines are told of a page: search engines, networks, and the programs that read newspapers."""

import datetime
import html as html_module
import json
import re

import extruct
import newspaper
import pytest
import trafilatura
from django.utils import timezone

from articles import structured_data
from articles.models import Article
from articles.share_cards import renew
from articles.tests import sample_pictures
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from articles.workflow import Status
from newsportal.models import Page

pytestmark = pytest.mark.django_db

PUBLISHED = datetime.datetime(2026, 3, 29, 0, 30, 15, tzinfo=datetime.UTC)
TEXT = " ".join(
    f"Paragraph {n} tells what the harbour master saw at {n} in the morning, and why it matters." for n in range(1, 12)
)


@pytest.fixture
def told():
    """A story with all that a story can have."""
    image = make_image(picture=sample_pictures.drawing(1600, 1200), alt="A ferry in fog", credit="Vera Holt")
    article = make_article(
        headline="The ferry sails again after nine winters",
        standfirst="The strait has its line back, and the town has its noise.",
        body=f"<p>{TEXT}</p><p>{TEXT}</p>",
        section=make_section(name="Lindhaven"),
        kind=Article.Kind.ANALYSIS,
        lead_image=image,
        publish_at=PUBLISHED,
        tags=("Ferries", "Fog"),
        bylines=(
            (make_contributor(name="Ana Ruiz", slug="ana-ruiz", job_title="Reporter"), "written"),
            (make_contributor(name="Ben Okri", slug="ben-okri"), "written"),
            (make_contributor(name="Cy Dahl", slug="cy-dahl"), "edited"),
        ),
    )
    Article.objects.filter(pk=article.pk).update(comment_count=3)
    return article


def page(client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def nodes(html: str) -> dict[str, dict]:
    """The JSON-LD of a page by type, the first of several types counting."""
    found = {}
    for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL):
        data = json.loads(text)
        assert data["@context"] == "https://schema.org"
        for node in data.get("@graph", [data]):
            kind = node["@type"]
            found[kind if isinstance(kind, str) else kind[0]] = node
    return found


def meta(html: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, content in re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', html):
        found.setdefault(name, []).append(html_module.unescape(content))
    return found


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


def test_a_story_has_what_googles_article_guide_recommends(client, told, settings):
    Page.objects.create(title="How we correct", slug="corrections")
    Page.objects.create(title="Ethics", slug="ethics")
    url = settings.SITE_URL + told.get_absolute_url()
    node = nodes(page(client, told.get_absolute_url()))["NewsArticle"]
    assert node["@type"] == ["NewsArticle", "AnalysisNewsArticle"]
    assert node["headline"] == told.headline
    assert node["description"] == told.standfirst
    assert node["url"] == node["mainEntityOfPage"]["@id"] == url
    # The newsroom's clock in the tests is an hour ahead of UTC, until that very night.
    assert node["datePublished"] == node["dateModified"] == "2026-03-29T01:30:15+01:00"
    assert node["author"] == [
        {
            "@type": "Person",
            "name": "Ana Ruiz",
            "url": f"{settings.SITE_URL}/authors/ana-ruiz/",
            "jobTitle": "Reporter",
        },
        {"@type": "Person", "name": "Ben Okri", "url": f"{settings.SITE_URL}/authors/ben-okri/"},
    ]
    assert [person["name"] for person in node["editor"]] == ["Cy Dahl"]
    assert node["articleSection"] == "Lindhaven"
    assert node["keywords"] == ["Ferries", "Fog"]
    assert (node["isAccessibleForFree"], node["commentCount"]) == (True, 3)
    assert node["inLanguage"] == settings.LANGUAGE_CODE
    publisher = node["publisher"]
    assert publisher["@type"] == "NewsMediaOrganization"
    assert publisher["name"] == settings.SITE_NAME
    assert publisher["logo"]["url"].startswith(f"{settings.SITE_URL}/static/")
    assert publisher["correctionsPolicy"] == f"{settings.SITE_URL}/pages/corrections/"
    assert publisher["ethicsPolicy"] == f"{settings.SITE_URL}/pages/ethics/"


def test_its_pictures_come_in_three_shapes_which_are_there(client, told, settings):
    images = nodes(page(client, told.get_absolute_url()))["NewsArticle"]["image"]
    shapes = {round(image["width"] / image["height"], 2) for image in images}
    assert shapes == {1.78, 1.33, 1.0}
    for image in images:
        assert image["creditText"] == "Vera Holt"
        response = client.get(image["url"].removeprefix(settings.SITE_URL))
        assert response.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("news", "NewsArticle"),
        ("opinion", ["NewsArticle", "OpinionNewsArticle"]),
        ("review", ["NewsArticle", "ReviewNewsArticle"]),
        ("explainer", ["NewsArticle", "BackgroundNewsArticle"]),
        ("sponsored", ["Article", "AdvertiserContentArticle"]),
    ],
)
def test_the_kind_decides_the_type_and_what_is_paid_for_is_no_news(client, kind, types):
    article = make_article(kind=kind)
    found = nodes(page(client, article.get_absolute_url()))
    assert any(node["@type"] == types for node in found.values())


def test_only_a_real_update_is_told_and_corrections_with_it(client, told, editor):
    told.save()
    before = page(client, told.get_absolute_url())
    assert "article:modified_time" not in meta(before)
    assert "correction" not in nodes(before)["NewsArticle"]

    told.correct(editor, "The ferry has two funnels, not three.")
    after = page(client, told.get_absolute_url())
    node = nodes(after)["NewsArticle"]
    [note] = node["correction"]
    assert (note["@type"], note["text"]) == ("CorrectionComment", "The ferry has two funnels, not three.")
    assert note["datePublished"] == node["dateModified"] > node["datePublished"]
    assert len(meta(after)["article:modified_time"]) == 1


def test_the_way_to_a_story_is_told(client, told, settings):
    items = nodes(page(client, told.get_absolute_url()))["BreadcrumbList"]["itemListElement"]
    assert [item["name"] for item in items] == [settings.SITE_NAME, "Lindhaven", told.headline]
    assert [item["position"] for item in items] == [1, 2, 3]
    assert items[1]["item"] == f"{settings.SITE_URL}/sections/lindhaven/"


def test_a_story_by_nobody_is_by_the_newspaper(client, settings):
    [author] = nodes(page(client, make_article().get_absolute_url()))["NewsArticle"]["author"]
    assert (author["@type"], author["name"]) == ("NewsMediaOrganization", settings.SITE_NAME)


@pytest.mark.parametrize(
    "headline",
    [
        "</script><script>alert(1)</script>",
        '"quoted" \\" and \'single\' & <b>',
        "<!--<script>",
        "Emoji 🎉 and \u2028 line\u2029s",
        "وزراء \u202eالخارجية\u202c (2026)",
        "{{ site.name }} {% now 'Y' %}",
    ],
)
def test_a_headline_stays_a_headline(client, headline):
    article = make_article(headline=headline, standfirst=headline, tags=(headline[:40],))
    html = page(client, article.get_absolute_url())
    node = nodes(html)["NewsArticle"]
    assert node["headline"] == headline
    assert meta(html)["og:title"] == [headline]
    assert "<script>alert" not in html
    inside = re.search(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)[1]
    assert not set("<>&\u2028\u2029") & set(inside)
    # However a program reads it, there is one such element on the page, and it is the whole.
    [data] = extruct.extract(html, syntaxes=["json-ld"])["json-ld"]
    assert data["@graph"][0]["headline"] == headline


def test_lists_people_and_the_front_page_say_what_they_are(client, told, settings):
    front = nodes(page(client, "/"))["WebSite"]
    assert (front["name"], front["publisher"]["@type"]) == (settings.SITE_NAME, "NewsMediaOrganization")
    for url in (told.section.get_absolute_url(), "/tags/ferries/"):
        listed = nodes(page(client, url))["CollectionPage"]["mainEntity"]["itemListElement"]
        assert listed == [{"@type": "ListItem", "position": 1, "url": settings.SITE_URL + told.get_absolute_url()}]
    ana = told.authors[0]
    ana.links.create(label="Elsewhere", url="https://ana.example/")
    person = nodes(page(client, ana.get_absolute_url()))["ProfilePage"]["mainEntity"]
    assert (person["@type"], person["name"], person["sameAs"]) == ("Person", "Ana Ruiz", ["https://ana.example/"])


# --- What the head says -----------------------------------------------------------------------------------------------


def test_networks_are_told_all_that_a_card_needs(client, told, settings):
    settings.SITE_X_ACCOUNT = "@testpost"
    renew(Article.objects.get(pk=told.pk))
    found = meta(page(client, told.get_absolute_url()))
    single = {name: values[0] for name, values in found.items() if len(values) == 1}
    assert single["og:site_name"] == settings.SITE_NAME
    assert single["og:type"] == "article"
    assert single["og:title"] == told.headline
    assert single["og:description"] == told.standfirst
    assert single["og:url"] == settings.SITE_URL + told.get_absolute_url()
    assert single["og:locale"] == "en_GB"
    assert (single["og:image:width"], single["og:image:height"]) == ("1200", "630")
    assert (single["og:image:type"], single["og:image:alt"]) == ("image/jpeg", "A ferry in fog")
    assert (single["twitter:card"], single["twitter:site"]) == ("summary_large_image", "@testpost")
    assert single["article:published_time"].startswith("2026-03-29T01:30:15+01:00")
    assert single["article:section"] == "Lindhaven"
    assert found["article:tag"] == ["Ferries", "Fog"]
    assert found["article:author"] == [f"{settings.SITE_URL}/authors/{slug}/" for slug in ("ana-ruiz", "ben-okri")]
    assert client.get(single["og:image"].removeprefix(settings.SITE_URL)).headers["Content-Type"] == "image/jpeg"


def test_title_and_description_for_search_engines_stand_in_for_headline_and_standfirst(client, told):
    told.search_title, told.search_description = "Ferry line reopens", "After nine winters the ferry sails."
    told.save()
    html = page(client, told.get_absolute_url())
    assert "<title>Ferry line reopens · " in html
    assert meta(html)["description"] == meta(html)["og:description"] == ["After nine winters the ferry sails."]
    # What is shared is the headline.
    assert meta(html)["og:title"] == [told.headline]


def test_without_a_standfirst_the_text_says_it(client):
    body = "<p>The bridge is shut. Nobody knows for how long, said the mayor.</p>" + "<p>Long ago it rained.</p>" * 9
    [description] = meta(page(client, make_article(body=body).get_absolute_url()))["description"]
    assert description.startswith("The bridge is shut. Nobody knows for how long, said the mayor.")
    assert len(description) <= 160
    assert description.endswith(".")


@pytest.mark.parametrize("url", ["/", "/latest/", "/corrections/", "/2026/03/", "/pages/about/"])
def test_every_public_page_has_title_description_canonical_and_card(client, told, settings, url):
    Page.objects.create(title="About us", slug="about", body="<p>We print. We correct.</p>")
    html = page(client, url)
    found = meta(html)
    assert f'<link rel="canonical" href="{settings.SITE_URL}{url}">' in html
    assert all(found["description"]) and all(found["og:title"])
    assert found["og:url"] == [settings.SITE_URL + url]
    image = client.get(found["og:image"][0].removeprefix(settings.SITE_URL))
    assert image.headers["Content-Type"] == "image/jpeg"
    assert "immutable" in image.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("url", "title"), [("/latest/", "Latest"), ("/corrections/", "Corrections"), ("/most-read/", "Most read")]
)
def test_a_page_is_shared_under_its_own_name(client, url, title):
    found = meta(page(client, url))
    assert found["og:title"] == [title]
    assert found["og:description"] == found["description"]
    assert "The Test Post" in found["description"][0]


def test_previews_and_withdrawn_stories_are_for_nobodys_index(client, told, editor):
    client.force_login(editor)
    preview = page(client, f"/admin/articles/article/{told.pk}/preview/")
    withdrawn = make_article(status=Status.WITHDRAWN)
    gone = client.get(withdrawn.get_absolute_url()).content.decode()
    for html in (preview, gone):
        assert meta(html)["robots"] == ["noindex"]
        assert 'rel="canonical"' not in html
        assert "og:" not in html
        assert "ld+json" not in html


# --- The programs that read newspapers ------------------------------------------------------------------------------------


def test_extruct_reads_what_was_published(client, told):
    data = extruct.extract(page(client, told.get_absolute_url()), syntaxes=["json-ld", "opengraph"], uniform=True)
    [graph] = data["json-ld"]
    assert graph["@graph"][0]["headline"] == told.headline
    [card] = data["opengraph"]
    assert (card["og:title"], card["@type"]) == (told.headline, "article")


def test_trafilatura_reads_what_was_published(client, told, settings):
    url = settings.SITE_URL + told.get_absolute_url()
    read = trafilatura.bare_extraction(page(client, told.get_absolute_url()), url=url, with_metadata=True).as_dict()
    assert read["title"] == told.headline
    assert read["author"] == "Ana Ruiz; Ben Okri"
    assert read["date"] == "2026-03-29"
    assert read["description"] == told.standfirst
    assert read["sitename"] == settings.SITE_NAME
    assert read["url"] == url
    assert read["image"].startswith(settings.SITE_URL)
    assert TEXT in read["text"]


def test_newspaper_reads_what_was_published(client, told, settings):
    url = settings.SITE_URL + told.get_absolute_url()
    read = newspaper.Article(url, fetch_images=False)
    read.download(input_html=page(client, told.get_absolute_url()))
    read.parse()
    assert read.title == told.headline
    assert {"Ana Ruiz", "Ben Okri"} <= set(read.authors)
    assert read.publish_date.date() == datetime.date(2026, 3, 29)
    assert read.meta_description == told.standfirst
    assert read.top_image.startswith(settings.SITE_URL)
    assert TEXT in read.text


def test_no_story_was_modified_before_it_was_published():
    article = make_article()
    article.mark_updated(None)
    article.withdraw(None)
    article.publish(None, at=timezone.now() + datetime.timedelta(seconds=30))
    publisher = {"@type": "NewsMediaOrganization", "name": "The Post", "url": "https://post.example/"}
    told = structured_data.story(article, url="https://post.example/a/", publisher=publisher, language="en")
    assert told["dateModified"] >= told["datePublished"]
