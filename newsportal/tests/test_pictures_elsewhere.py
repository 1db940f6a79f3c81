"""Pictures at a host of their own, or in a bucket: every page names them rightly, and lets browsers show them."""

import html
import io
import re
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.urls import reverse

from articles.feeds import feed_path
from articles.models import Article
from articles.share_cards import renew
from articles.syndication.formats import FORMATS
from articles.tests.factories import make_article, make_contributor, make_image
from articles.tests.sample_pictures import drawing
from newsportal.models import Page
from newsportal.tests.settings_file import read

pytestmark = pytest.mark.django_db

KEYS = {"S3_BUCKET": "pics", "S3_REGION": "eu-central-1", "S3_ACCESS_KEY_ID": "k", "S3_SECRET_ACCESS_KEY": "s"}
ELSEWHERE = "https://media.example.org"
#: What is set, and what addresses of pictures begin with then, for readers' pages and for machines.
WAYS = {
    "this site": ({}, "/media/"),
    "a host of their own": ({"MEDIA_ORIGIN": ELSEWHERE}, f"{ELSEWHERE}/media/"),
    "a bucket": (KEYS, "https://pics.s3.amazonaws.com/"),
    "a bucket with dots": (KEYS | {"S3_BUCKET": "pics.example.org"}, "https://s3.eu-central-1.amazonaws.com/pics.example.org/"),
    "a bucket elsewhere": (KEYS | {"S3_ENDPOINT_URL": "https://s3.example.net"}, "https://s3.example.net/pics/"),
    "a domain before a bucket": (KEYS | {"S3_CUSTOM_DOMAIN": "media.example.org"}, f"{ELSEWHERE}/"),
}  # fmt: skip

PICTURE = re.compile(r"""[^\s"'<>(),;]*/(?:pictures|renditions|share-cards)/[^\s"'<>(),;]+\.(?:avif|webp|jpg|png)""")


@pytest.fixture
def story():
    """With all pictures that a story can have: a lead, one in its text, a share card, and whose author has one."""
    image, inner = make_image(picture=drawing(900, 700)), make_image(picture=drawing(800, 600))
    author = make_contributor(photo=make_image(picture=drawing(500, 500)))
    body = f'<p>Rain.</p><figure data-image="{inner.pk}"></figure>'
    return make_article(body=body, lead_image=image, bylines=((author, "written"),))


def use(settings, variables: dict[str, str]) -> None:
    """What the settings make of these variables."""
    told = read(**variables)
    settings.STORAGES = settings.STORAGES | {"default": told.STORAGES["default"]}
    settings.CONTENT_SECURITY_POLICY = told.CONTENT_SECURITY_POLICY


@pytest.fixture(params=WAYS)
def begins(request, settings, story):
    """What addresses of pictures begin with; the story is saved, and has a card, from before they were there."""
    renew(story)
    variables, begins = WAYS[request.param]
    use(settings, variables)
    call_command("render_again")
    return begins


def may_be_shown(address: str, response) -> bool:
    """Whether the policy of this very answer lets a browser load it."""
    (allowed,) = re.findall(r"img-src ([^;]+)", response["Content-Security-Policy"])
    parts = urlsplit(address)
    return ("'self'" if not parts.netloc else f"{parts.scheme}://{parts.netloc}") in allowed.split()


def test_readers_pages_name_pictures_where_they_are_and_let_them_be_shown(client, story, begins):
    author = story.bylines.get().contributor
    page = Page.objects.create(title="About", slug="about", body=story.body)
    for path in ("/", "/latest/", story.get_absolute_url(), author.get_absolute_url(), page.get_absolute_url()):
        response = client.get(path)
        addresses = re.findall(r"<(?:img|source)[^>]+>", response.text)
        named = [address for tag in addresses for address in PICTURE.findall(tag)]
        assert named, path
        for address in named:
            assert address.startswith(f"{begins}renditions/"), path
            assert may_be_shown(address, response), path


def test_machines_are_told_whole_addresses(client, story, begins):
    """Of a story's page its cards and structured data, and all of feeds and sitemaps."""
    whole = begins if begins.startswith("https:") else f"http://testserver{begins}"
    page = "".join(
        re.findall(
            r"<meta[^>]+>|<script type=.application/ld\+json.*?</script>", client.get(story.get_absolute_url()).text
        )
    )
    assert f'"{whole}{story.share_card}"' in page
    sitemap = reverse("sitemap_month", args=[story.published_on.year, story.published_on.month])
    feeds = [feed_path("/", format) for format in FORMATS]
    told = {path: client.get(path).text for path in (sitemap, *feeds)} | {"the head of the page": page}
    for path, text in told.items():
        named = PICTURE.findall(html.unescape(text))
        assert named, path
        assert {address for address in named if not address.startswith(whole)} == set(), path


def test_the_desk_shows_pictures_where_they_are(client, story, begins, administrator):
    client.force_login(administrator)
    image = story.lead_image
    places = [
        ("admin:articles_image_changelist",),
        ("admin:articles_image_change", image.pk),
        ("admin:articles_article_preview", story.pk),
    ]
    for name, *args in places:
        response = client.get(reverse(name, args=args))
        named = PICTURE.findall(html.unescape(response.text))
        assert named, name
        for address in named:
            assert address.removeprefix("http://testserver").startswith(begins), name
            assert may_be_shown(address.removeprefix("http://testserver"), response), name
    # The editor asks for these from its own page.
    picker, editor = (
        client.get(reverse("desk_pictures")),
        client.get(reverse("admin:articles_article_change", args=[story.pk])),
    )
    for picture in picker.json()["pictures"]:
        assert picture["url"].startswith(begins)
        assert may_be_shown(picture["url"], editor)


def test_texts_have_the_addresses_of_when_they_were_saved_until_they_are_rendered_again(story, settings):
    use(settings, {"MEDIA_ORIGIN": ELSEWHERE})
    assert f'src="{ELSEWHERE}' not in Article.objects.get().body_html
    said = io.StringIO()
    call_command("render_again", stdout=said)
    assert f'src="{ELSEWHERE}/media/renditions/' in Article.objects.get().body_html
    assert said.getvalue() == "1 stories name their pictures as they are now.\n"


def test_the_application_serves_them_there_as_it_does_here(client, settings):
    image = make_image()
    use(settings, {"MEDIA_ORIGIN": ELSEWHERE})
    settings.ALLOWED_HOSTS = ["media.example.org"]
    response = client.get(urlsplit(image.thumbnail_url()).path, headers={"host": "media.example.org"})
    assert response.status_code == 200
    told = {
        "Content-Type": "image/jpeg", "Content-Disposition": "inline", "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
    }  # fmt: skip
    assert {name: response[name] for name in told} == told


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_shows_them(watch, live_server, settings):
    # To a browser these are two.
    elsewhere = live_server.url.replace("localhost", "127.0.0.1")
    article = make_article(lead_image=make_image(picture=drawing(900, 700)))
    use(settings, {"MEDIA_ORIGIN": elsewhere})
    page = watch.page()
    page.goto(article.get_absolute_url())
    picture = page.locator("article picture img").first
    page.wait_for_function("picture => picture.complete && picture.naturalWidth > 0", arg=picture.element_handle())
    # Its address was the one that is meant, and nothing else left the site or broke the policy.
    assert watch.problems
    assert all(problem.startswith(f"foreign: {elsewhere}/media/renditions/") for problem in watch.problems)
    watch.problems.clear()
