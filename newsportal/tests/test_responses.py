"""What is true of every page: safe headers, no cookie, no foreign origin, little weight, and errors in the site's clothes."""

import gzip
import re

import pytest
from django.db import OperationalError, connection
from django.test import Client

from articles.tests.factories import make_article, make_contributor, make_section
from newsportal.models import Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def reading_pages():
    section, contributor = make_section(), make_contributor()
    article = make_article(section=section, tags=("Trams",), bylines=((contributor, "written"),))
    page = Page.objects.create(title="About", slug="about", body="<p>Us.</p>")
    return [
        "/", "/latest/", article.get_absolute_url(), section.get_absolute_url(), "/tags/trams/",
        contributor.get_absolute_url(), f"/{article.published_on:%Y/%m}/", page.get_absolute_url(),
        "/most-read/",
        "/sitemap.xml", "/sitemap-pages.xml", "/news-sitemap.xml", "/robots.txt", "/ads.txt", "/.well-known/security.txt",
    ]  # fmt: skip


def test_reading_sets_no_cookie_and_varies_by_none(client, reading_pages):
    for url in reading_pages:
        response = client.get(url)
        assert response.status_code == 200, url
        assert not response.cookies, url
        assert "Cookie" not in response.get("Vary", ""), url


def test_staff_see_the_same_pages(client, reading_pages, editor):
    strangers = [client.get(url).content for url in reading_pages]
    client.force_login(editor)
    assert [client.get(url).content for url in reading_pages] == strangers


def test_every_response_carries_a_policy_without_unsafe_sources(client, reading_pages):
    for url in [*reading_pages, "/nowhere/", "/admin/login/"]:
        response = client.get(url)
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"
        assert response["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert "camera=()" in response["Permissions-Policy"]


def test_reading_pages_load_nothing_from_another_origin(client, reading_pages):
    for url in reading_pages:
        html = client.get(url).content.decode()
        for source in re.findall(r'\s(?:src|srcset)="([^"]+)"|<link[^>]+rel="stylesheet"[^>]+href="([^"]+)"', html):
            assert not "".join(source).startswith(("http", "//")), url


def test_a_page_and_what_it_needs_weigh_less_than_60_kilobytes(client, reading_pages):
    from django.contrib.staticfiles import finders

    from newsportal.static_files import inline_imports

    def read(name):
        with open(finders.find(name), encoding="utf-8") as file:
            return file.read()

    for url in reading_pages[:8]:
        html = client.get(url).content.decode()
        scripts = re.findall(r'<script[^>]+src="/static/([^"]+)"', html)
        sheet = inline_imports("css/site.css", read)
        weight = sum(len(gzip.compress(text.encode())) for text in [html, sheet, *map(read, scripts)])
        assert weight < 60_000, url


def test_public_pages_are_asked_for_again_and_answered_with_304(client, reading_pages):
    for url in reading_pages[:8]:
        response = client.get(url)
        assert "no-cache" in response["Cache-Control"], url
        again = client.get(url, headers={"if-none-match": response["ETag"]})
        assert again.status_code == 304, url


def test_the_admin_is_never_kept(client, editor):
    client.force_login(editor)
    assert "no-store" in client.get("/admin/")["Cache-Control"]


@pytest.mark.parametrize(
    "url", ["/nowhere/", "/2026/01/01/nothing/", "/pages/none/", "/media/.env", "/media/pictures/../../.env"]
)
def test_a_missing_page_is_404_with_the_latest_stories(client, url):
    article = make_article()
    response = client.get(url)
    assert response.status_code == 404
    assert article.headline in response.content.decode()


def test_a_withdrawn_story_answers_410_with_its_note(client):
    article = make_article(status="withdrawn", note="The letter was forged.")
    response = client.get(article.get_absolute_url())
    assert response.status_code == 410
    page = response.content.decode()
    assert "The letter was forged." in page
    assert article.body not in page


def test_a_page_without_its_database_is_a_503_that_says_so(client, monkeypatch):
    def down(*args, **kwargs):
        raise OperationalError("could not connect to server")

    monkeypatch.setattr(connection, "ensure_connection", down)
    response = client.get("/")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "could not connect" not in response.content.decode()
    assert "<h1" in response.content.decode()


OURS = {"sec-fetch-site": "same-origin"}
COMMENT = {"name": "Rosa", "email": "rosa@example.org", "body": "First line.\n<script>\nSecond line.", "parent": ""}


@pytest.fixture
def without_database(monkeypatch):
    def down(*args, **kwargs):
        raise OperationalError("could not connect to server")

    monkeypatch.setattr(connection, "ensure_connection", down)


def test_what_was_typed_while_the_database_is_away_can_be_sent_again(client, without_database):
    answer = client.post("/comments/post/7/?from=x", COMMENT, headers=OURS)
    page = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
    assert "First line.\n&lt;script&gt;\nSecond line.</textarea>" in page
    assert '<input type="hidden" name="email" value="rosa@example.org">' in page
    assert 'action="/comments/post/7/?from=x"' in page


@pytest.mark.skipif(connection.vendor != "sqlite", reason="who may write to its files PostgreSQL alone says")
def test_what_was_typed_while_the_database_may_not_be_written_to_can_be_sent_again(client):
    """As after a remount, or with a -wal that is another user's: SQLite says the same to PRAGMA query_only."""
    article = make_article()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
        try:
            answer = client.post(f"/comments/post/{article.pk}/", COMMENT, headers=OURS)
        finally:
            cursor.execute("PRAGMA query_only = 0")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "First line.\n&lt;script&gt;\nSecond line.</textarea>" in answer.content.decode()


def test_an_editor_whose_account_cannot_be_looked_up_loses_no_story(client, editor, request):
    client.force_login(editor)
    request.getfixturevalue("without_database")
    client.raise_request_exception = False
    story = {
        "csrfmiddlewaretoken": "x" * 64,
        "headline": "The ferry is late",
        "body": "<p>First line.</p>\n<p>Second.</p>",
    }
    client.cookies["csrf"] = "x" * 64
    answer = client.post("/admin/articles/article/7/change/", story, headers=OURS)
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "30", "no-store")
    assert "&lt;p&gt;First line.&lt;/p&gt;\n&lt;p&gt;Second.&lt;/p&gt;</textarea>" in page
    assert "The ferry is late" in page


def test_what_another_site_sends_gets_no_button_of_ours(client, without_database):
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {}):
        page = client.post("/comments/post/7/", COMMENT, headers=headers).content.decode()
        assert "First line" not in page
        assert "<form" not in page


def test_passwords_and_codes_are_not_sent_back(client, without_database):
    sent = {"login": "editor", "password": "open sesame", "code": "123456", "csrfmiddlewaretoken": "x" * 64}
    client.cookies["csrf"] = "x" * 64
    page = client.post("/admin/login/", sent, headers=OURS).content.decode()
    assert "open sesame" not in page
    assert "123456" not in page
    assert 'name="login" value="editor"' in page


@pytest.mark.django_db(transaction=False)
def test_an_error_page_needs_no_database_and_shows_no_trace(monkeypatch, django_assert_num_queries):
    def broken(*args, **kwargs):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("articles.paging.Listing.page", broken)
    client = Client(raise_request_exception=False)
    # One: before anything is answered, what is due goes live. The error page itself asks nothing.
    with django_assert_num_queries(1):
        response = client.get("/latest/")
    page = response.content.decode()
    assert response.status_code == 500
    assert "secret detail" not in page
    assert "<h1" in page


def test_the_machines_are_answered(client):
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").content == b"ready\n"
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()
    text = client.get("/.well-known/security.txt").content.decode()
    assert "Contact: mailto:desk@post.example" in text
    assert re.search(r"Expires: \d{4}-\d\d-\d\dT00:00:00Z", text)


def test_pictures_are_served_for_ever_and_can_do_nothing(client, settings, tmp_path):
    folder = tmp_path / "media" / "pictures"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"\xff\xd8\xff")
    (tmp_path / "media" / "secret.txt").write_text("no")
    response = client.get("/media/pictures/a.jpg")
    assert "immutable" in response["Cache-Control"]
    assert response["Content-Type"] == "image/jpeg"
    assert "sandbox" in response["Content-Security-Policy"]
    assert client.get("/media/secret.txt").status_code == 404
    assert client.get("/media/pictures/").status_code == 404


def test_a_static_page_is_shown_sanitised(client):
    Page.objects.create(title="Contact", slug="contact", body="<p>Write <script>alert(1)</script>to us.</p>")
    page = client.get("/pages/contact/").content.decode()
    assert "to us." in page
    assert "alert(1)" not in page


def test_the_sitemap_leads_to_every_public_story(client):
    article = make_article()
    index = client.get("/sitemap.xml").content.decode()
    month = re.search(r"http://testserver(/sitemap-\d{4}-\d\d\.xml)", index)[1]
    assert f"http://testserver{article.get_absolute_url()}" in client.get(month).content.decode()
    assert client.get("/sitemap-1999-01.xml").status_code == 404
    assert client.get("/sitemap-1999-13.xml").status_code == 404


def test_the_news_sitemap_names_the_headline(client):
    make_article(headline="Fog & rain “again”")
    text = client.get("/news-sitemap.xml").content.decode()
    assert "<news:title>Fog &amp; rain “again”</news:title>" in text
    assert "<news:name>The Test Post</news:name>" in text


def test_what_is_sent_once_is_compressed_for_whoever_can_read_it(client, reading_pages):
    for url in [*reading_pages[:6], "/search/?q=trams", "/admin/login/"]:
        plain, packed = client.get(url), client.get(url, headers={"accept-encoding": "gzip, deflate, br"})
        assert "Content-Encoding" not in plain and packed["Content-Encoding"] == "gzip"
        assert len(packed.content) == int(packed["Content-Length"]) < len(plain.content)
        if "csrf" not in plain.content.decode():
            assert gzip.decompress(packed.content) == plain.content
        for answer in (plain, packed):
            assert "Accept-Encoding" in answer["Vary"]
    assert "Content-Encoding" not in client.get("/healthz", headers={"accept-encoding": "gzip"})


def test_who_has_a_compressed_page_is_told_so(client, reading_pages):
    packed = client.get("/", headers={"accept-encoding": "gzip"})
    assert packed["ETag"].startswith('W/"')
    again = client.get("/", headers={"accept-encoding": "gzip", "if-none-match": packed["ETag"]})
    assert again.status_code == 304 and not again.content


def test_the_length_of_a_compressed_page_does_not_say_what_is_in_it(client, reading_pages):
    lengths = {len(client.get("/", headers={"accept-encoding": "gzip"}).content) for _ in range(20)}
    assert len(lengths) > 5
