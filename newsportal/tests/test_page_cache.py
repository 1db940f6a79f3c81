"""Pages are kept, and never a moment longer than they are true."""

import datetime
import gzip
import ipaddress
import re
import sqlite3
import subprocess
import sys
import threading
import time

import brotli
import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from adverts.tests.factories import make_booking
from articles.editing.next_version import keep_next
from articles.models import Article, Banner, Byline, FrontPageStory, Image, RankedStory, Section, Tag, TaggedArticle
from articles.models.ranked import STALE
from articles.paging import Cursor
from articles.related import relate
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from articles.tests.sample_pictures import drawing
from articles.workflow import Status
from comments.decide import decide
from comments.models import Comment, Decision, Policy
from comments.most_discussed import RANKING
from comments.privacy import erase, forget_in_time
from comments.reactions import pick, toggle_like
from comments.tests.factories import make_comment, make_reader
from newsportal.background import drain
from newsportal.filling.rows import Table
from newsportal.models import Edition, Page
from newsportal.page_cache import schedule
from newsportal.page_cache.counters import FromSqlite, InDatabase, Unreadable, source_of
from newsportal.page_cache.kept import Kept
from newsportal.page_cache.kept import Page as KeptPage
from newsportal.page_cache.touched import BY_TABLE, SEEN_BY_NO_READER
from newsportal.page_cache.wrapper import PageCache
from newsportal.tests.served import Served, numbers

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def served():
    # Numbers begin anew with each test's database, as they never do in life.
    schedule._known.clear()
    return Served()


@pytest.fixture
def story():
    article = make_article(
        headline="Vladimír at the harbour", section=make_section(name="Harbours"), tags=("Boats",),
        bylines=((make_contributor(name="Ada Okafor"), "written"),), lead_image=make_image(credit="Ada’s camera"),
    )  # fmt: skip
    relate(article)
    return article


# --- What is kept -----------------------------------------------------------------------------------------------------


PUBLIC = [
    "/", "/latest/", "/corrections/", "/most-read/", "/feed/", "/feed/atom/", "/feed/json/", "/sitemap.xml",
    "/news-sitemap.xml", "/sitemap-pages.xml", "/pages/about/",
]  # fmt: skip


@pytest.mark.parametrize("url", PUBLIC)
def test_a_page_is_made_once_and_then_sent_without_a_query(served, story, url):
    Page.objects.create(title="About", slug="about", body="<p>Us.</p>")
    first = served.get(url)
    assert first.status == 200
    served.get(url)
    with CaptureQueriesContext(connection) as queries:
        again = served.get(url)
    assert (served.made, len(queries)) == (1, 0)
    assert again.body == first.body


def test_pages_of_a_story_are_kept_too(served, story):
    comment = make_comment(article=story, status="published")
    urls = [
        story.get_absolute_url(), story.section.get_absolute_url(), story.tags.get().get_absolute_url(),
        story.authors[0].get_absolute_url(), f"/{story.published_on:%Y/%m}/", f"/comments/on/{story.pk}/",
        f"/comments/on/{story.pk}/?sort=oldest", f"/comments/{comment.pk}/",
    ]  # fmt: skip
    for url in urls:
        made = served.made
        served.get(url)
        served.get(url)
        assert served.made == made + 1 or url.startswith(f"/comments/{comment.pk}"), url


@pytest.mark.parametrize(
    "url", ["/admin/login/", "/search/?q=harbour", "/comments/yours/", "/healthz", "/nowhere/", "/preview/x/"]
)
def test_what_is_of_one_person_or_is_not_there_is_never_kept(served, url):
    served.get(url)
    served.get(url)
    assert len(served._cache._kept) == 0


def test_a_page_that_gives_a_cookie_is_one_persons_whatever_it_says_of_itself(served, story, monkeypatch):
    made = served._cache._application

    def with_a_cookie(environ, start_response):
        return made(environ, lambda status, headers: start_response(status, [*headers, ("Set-Cookie", "reader=1")]))

    monkeypatch.setattr(served._cache, "_application", with_a_cookie)
    for _ in range(2):
        assert served.get("/latest/").headers["Set-Cookie"] == "reader=1"
    assert (served.made, len(served._cache._kept)) == (2, 0)


def test_an_address_without_its_last_slash_leads_to_what_was_searched_for(served):
    assert served.get("/search?q=harbour").headers["Location"] == "/search/?q=harbour"


def test_neither_cookies_nor_unknown_parameters_make_another_page(served, story):
    url = story.get_absolute_url()
    plain = served.get(url)
    for query, headers in (
        ("?utm_source=letter&fbclid=abc", {}), ("", {"cookie": "session=1; theme=dark"}), ("?%00=%ff&&=", {}),
        ("", {"accept_language": "fr", "user_agent": "x"}),
    ):  # fmt: skip
        other = served.get(url + query, **headers)
        assert other.body == plain.body
        assert "Set-Cookie" not in other.headers
    assert served.made == 1


def test_the_parameters_that_make_a_page_do_so_in_any_order(served, story):
    made = [
        served.get(f"/comments/on/{story.pk}/{query}").body for query in ("?sort=oldest&from=0", "?from=0&sort=oldest")
    ]
    assert made[0] == made[1]
    assert served.made == 1
    served.get(f"/comments/on/{story.pk}/?sort=newest&from=0")
    assert served.made == 2


@pytest.mark.parametrize(
    "query",
    ["/?from=1", "/?sort=liked", "/?before=x&after=y", "/most-read/?after=1", "/feed/?before=1", "/latest/?from=1"],
)
def test_a_parameter_that_a_page_does_not_know_makes_no_other_page(served, story, query):
    plain = served.get(query.partition("?")[0])
    assert served.get(query).body == plain.body
    assert served.made == 1


@pytest.mark.parametrize("query", ["?%62efore=1", "?before=&before=1", "?before", "?before=&after"])
def test_parameters_are_those_that_a_cache_before_us_sees(served, story, query):
    plain = served.get("/corrections/")
    assert served.get("/corrections/" + query).body == plain.body
    assert served.made == 1
    assert served.get("/corrections/?BEFORE=nonsense&before=").status == 404


def test_a_list_is_paged_by_its_cursors(served, story):
    assert served.get("/latest/?before=nonsense").status == 404


# --- By nobody else ---------------------------------------------------------------------------------------------------


#: What a request may say, to Django (CONTENT_TYPE: by which charset its address is to be read) or to nobody.
SAID = {
    "CONTENT_TYPE": "a/b; charset=cp037", "CONTENT_LENGTH": "99999999", "SCRIPT_URL": "/x", "REDIRECT_URL": "/x",
    "HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_X_FORWARDED_PORT": "1", "HTTP_X_FORWARDED_PROTO": "x",
    "HTTP_FORWARDED": "host=evil.example", "HTTP_X_HTTP_METHOD_OVERRIDE": "POST", "HTTP_X_ORIGINAL_URL": "/admin/",
    "HTTP_X_SCRIPT_NAME": "/x", "HTTP_USER_AGENT": "x", "HTTP_REFERER": "https://evil.example/", "HTTP_COOKIE": "session=1",
    "HTTP_ORIGIN": "https://evil.example", "HTTP_TRANSFER_ENCODING": "chunked", "HTTP_ACCEPT_LANGUAGE": "fr",
    "HTTP_ACCEPT": "x/y", "HTTP_ACCEPT_ENCODING": "br", "HTTP_IF_NONE_MATCH": "*", "HTTP_SAVE_DATA": "off",
    "HTTP_WHAT_NOBODY_HAS_HEARD_OF": "x",
}  # fmt: skip


def test_nothing_that_a_request_says_beside_its_key_reaches_a_page():
    asked: list[dict] = []

    def page(environ, start_response):
        asked.append(environ.copy())
        start_response("200 OK", [])
        return []

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/latest/", "QUERY_STRING": "before=x", "HTTP_HOST": "testserver",
               "SERVER_NAME": "testserver", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}  # fmt: skip
    for said in ({}, SAID):
        PageCache(page, lambda: InDatabase(source_of()), capacity=2**20)(environ | said, lambda *args: None)
    assert asked[0] == asked[1]
    assert asked[0].keys() >= environ.keys()


def test_no_header_can_change_what_others_are_sent(served):
    for number in range(21):
        make_article(
            headline=f"Number {number} of many", publish_at=timezone.now() - datetime.timedelta(hours=number + 1)
        )
    cursor = re.search(r'\?before=([^"&]+)', served.get("/latest/").text)[1]
    for name, said in SAID.items():
        others = Served()
        others.get(f"/latest/?before={cursor}", **{name.removeprefix("HTTP_"): said})
        page = others.get(f"/latest/?before={cursor}").text
        assert "Number 20 of many" in page and "Number 0 of many" not in page, name
        assert others.made == 1, name


def test_comments_stay_in_the_order_that_is_asked_for(served, story):
    for number in range(22):
        make_comment(article=story, body=f"Words {number:02}", status="published")
    url = f"/comments/on/{story.pk}/?sort=oldest"
    served.get(url, CONTENT_TYPE="a/b; charset=cp037")
    assert "Words 00" in served.get(url).text and "Words 21" not in served.get(url).text


@pytest.mark.parametrize("url", PUBLIC)
def test_no_page_depends_on_who_asks_for_it_or_by_which_name(settings, story, url):
    settings.DEBUG, settings.ALLOWED_HOSTS = False, ["testserver", "other.example"]
    Page.objects.create(title="About", slug="about", body="<p>Us.</p>")
    with time_machine.travel(timezone.now(), tick=False):
        pages = [
            Served().get(url, **headers).body
            for headers in (
                {}, {"x_forwarded_for": "203.0.113.7"}, {"host": "other.example:8443"}, {"x_request_id": "something"},
            )
        ]  # fmt: skip
    assert len(set(pages)) == 1 and b"other.example" not in pages[0]


# --- One page in one spelling -----------------------------------------------------------------------------------------


def test_a_host_is_the_same_in_every_spelling(served, story):
    for host in ("testserver", "TESTserver", "testserver:1", "testserver:8000", "testserver.", "Testserver.:80"):
        assert served.get("/latest/", host=host).status == 200
    assert served.made == 1
    for host in ("testserver..", "testserver:x", "testserver:", "test_server", "[::1", "a@testserver"):
        assert served.get("/latest/", host=host).status == 400, host
    assert len(served._cache._kept) == 1


def test_an_address_by_number_is_no_other_than_the_site_knows(served, settings):
    settings.ALLOWED_HOSTS = ["[2001:db8::1]"]
    for host in ("[2001:db8::1]", "[2001:DB8::1]:8000"):
        assert served.get("/robots.txt", host=host).status != 400


def test_behind_a_proxy_there_are_two_schemes_and_no_more(settings, served, story):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for scheme in ("https", "https, http", " https"):
        served.get("/latest/", x_forwarded_proto=scheme)
    assert served.made == 1
    for scheme in ("http", "ftp", "x", "HTTPS", ""):
        served.get("/latest/", x_forwarded_proto=scheme)
    assert served.made == 2


def test_of_two_cursors_one_makes_the_page(served, story):
    cursor = Cursor(timezone.now() + MINUTE, 1)
    for query in (f"before={cursor}", f"after=anything&before={cursor}", f"before={cursor}&after={cursor}"):
        assert served.get(f"/latest/?{query}").status == 200
    assert served.made == 1


@pytest.mark.parametrize(
    "url",
    [
        "/comments/on/{story}/?after=1", "/comments/replies/{root}/?sort=oldest",
        "{address}?before=x", "/corrections/?after=x",
    ],
)  # fmt: skip
def test_no_page_has_the_parameters_of_another(served, story, url):
    root = make_comment(article=story, status="published")
    url = url.format(story=story.pk, root=root.pk, address=story.get_absolute_url())
    plain = served.get(url.partition("?")[0])
    assert plain.status == 200 and served.get(url).body == plain.body
    assert served.made == 1


def test_a_number_has_one_spelling(served, story):
    root = make_comment(article=story, status="published")
    story.correct(None, "It rained.")
    for url in (
        f"/comments/on/0{story.pk}/", f"/comments/on/0{story.pk}/feed/", f"/comments/replies/0{root.pk}/", f"/comments/0{root.pk}/",
        f"/comments/on/{'9' * 30}/", f"/comments/on/{story.pk}/?from=01", f"/comments/on/{story.pk}/?sort=liked&from=1-01",
        f"/comments/replies/{root.pk}/?after=00", "/corrections/?before=09", "/sitemap-tags-01.xml", "/comments/on/0/",
    ):  # fmt: skip
        assert served.get(url).status == 404, url
    assert len(served._cache._kept) == 0
    for url in (f"/comments/on/{story.pk}/?from=1", f"/comments/replies/{root.pk}/?after=0", "/corrections/?before=9"):
        assert served.get(url).status == 200, url


def test_who_leaves_out_the_last_slash_comes_to_the_page_that_was_asked_for(served, story):
    for path, query in (
        ("/latest", "?before=x"), (story.section.get_absolute_url()[:-1], "?after=x"), ("/2026/11", "?before=x"),
        ("/corrections", "?before=7"), (f"/comments/on/{story.pk}", "?from=1&sort=oldest"), ("/comments/replies/1", "?after=1"),
    ):  # fmt: skip
        assert served.get(path + query).headers["Location"] == f"{path}/{query}"


# --- The desk that is not there ---------------------------------------------------------------------------------------


def test_for_who_may_not_come_there_the_desk_is_answered_as_what_is_nowhere(settings, served, story):
    settings.ADMIN_NETWORKS = [ipaddress.ip_network("10.8.0.0/16")]
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1")]
    for encoding in ("br", "gzip", "identity"):
        sent = {"accept_encoding": encoding, "x_forwarded_for": "203.0.113.7", "x_request_id": "0123456789abcdef"}
        nowhere = served.get("/nothing-here/", **sent)
        for path in (
            "/admin/",
            "/admin",
            "/admin/login/",
            "/admin/login/?next=/admin/",
            "/admin/pictures/",
            "/nothing-here",
        ):
            for method in ("GET", "HEAD"):
                answer = served.get(path, method, **sent)
                assert (answer.status, list(answer.headers.items())) == (404, list(nowhere.headers.items())), path
                assert answer.body == (nowhere.body if method == "GET" else b"")
    inside = {"x_forwarded_for": "10.8.3.4", "cookie": "a=1"}
    assert served.get("/admin", **inside).headers["Location"] == "/admin/"
    assert served.get("/admin/login/", **inside).status == 200
    settings.SECURE_SSL_REDIRECT = True
    assert (
        Served().get("/admin/login/", x_forwarded_for="203.0.113.7").headers["Location"]
        == "https://testserver/admin/login/"
    )


def test_who_saves_data_gets_a_page_of_their_own(served, story):
    story.lead_image = make_image(picture=drawing(1600, 900))
    story.save()
    url = story.get_absolute_url()
    assert served.get(url).body != served.get(url, save_data="on").body
    served.get(url, save_data="on")
    assert served.made == 2


def test_a_page_is_sent_compressed_as_the_client_likes_it(served, story):
    plain = served.get("/")
    assert "Content-Encoding" not in plain.headers
    small = served.get("/", accept_encoding="gzip, deflate, br, zstd")
    assert small.headers["Content-Encoding"] == "br" and brotli.decompress(small.body) == plain.body
    old = served.get("/", accept_encoding="gzip;q=0.5, br;q=0")
    assert old.headers["Content-Encoding"] == "gzip" and gzip.decompress(old.body) == plain.body
    for answer in (plain, small, old):
        assert answer.headers["Content-Length"] == str(len(answer.body))
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_who_has_the_page_is_told_so(served, story):
    url = story.get_absolute_url()
    first = served.get(url, accept_encoding="br")
    again = served.get(url, if_none_match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"] and "Content-Length" not in again.headers
    with time_machine.travel(timezone.now() + MINUTE, tick=False):
        dated = served.get(url)
        assert served.get(url, if_modified_since=dated.headers["Last-Modified"]).status == 304
    story.correct(None, "It rained.")
    assert served.get(url, if_none_match=first.headers["ETag"]).status == 200


def test_a_page_says_when_it_was_made_only_when_no_other_can_be_of_that_second(served, story):
    assert "Last-Modified" not in served.get(story.get_absolute_url()).headers


def test_head_is_get_without_the_body(served, story):
    url = story.get_absolute_url()
    head, get = served.get(url, "HEAD"), served.get(url)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(get.body)))
    assert served.made == 1


def test_headers_of_safety_are_kept_with_the_page(served, story):
    made, kept = served.get("/"), served.get("/")
    assert kept.headers["Content-Security-Policy"] == made.headers["Content-Security-Policy"]
    assert kept.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"X-Changes-At", "Surrogate-Key"} & set(kept.headers)


def test_another_host_is_refused_each_time_and_keeps_nothing(served, story):
    for _ in range(2):
        assert served.get("/", host="evil.example").status == 400
    assert served.get("/").status == 200
    assert "evil.example" not in served.get("/").text


# --- Exactly as long as it is true ------------------------------------------------------------------------------------


def publish_another(story):
    relate(make_article(headline="Another story", section=story.section, tags=("Boats",)))
    relate(story)


def rename_tag(story):
    tag = Tag.objects.get(name="Boats")
    tag.name = "Ships"
    tag.save()


def rename_section(story):
    Section.objects.filter(pk=story.section_id).update(name="Ports")


def rename_contributor(story):
    author = story.authors[0]
    author.name = "Ada Okafor-Lund"
    author.save()


def credit_picture(story):
    story.lead_image.credit = "Somebody else"
    story.lead_image.save()


def edit(story):
    story.headline = "Vladimír on the ferry"
    story.save()


def book(story):
    make_booking(headline="Sail to the lighthouse")


CHANGES = {
    "another story": (publish_another, "Another story", ["/", "section", "tag", "story", "/feed/", "/sitemap-pages.xml"]),
    "an edit": (edit, "Vladimír on the ferry", ["/", "section", "tag", "story", "author", "/feed/"]),
    "a correction": (lambda story: story.correct(None, "It was dry."), "It was dry.", ["story", "/corrections/"]),
    "a tag": (rename_tag, "Ships", ["story", "tag"]),
    "a section": (rename_section, "Ports", ["/", "section", "story"]),
    "a contributor": (rename_contributor, "Ada Okafor-Lund", ["/", "story", "author"]),
    "a credit": (credit_picture, "Somebody else", ["story"]),
    "a comment": (lambda story: make_comment(article=story, status="published"), "1 comment", ["/", "section", "story"]),
    "a banner": (lambda story: Banner.objects.create(text="It rains"), "It rains", ["/", "section", "story"]),
    "an advert": (book, "Sail to the lighthouse", ["story"]),
    "a page": (
        lambda story: Page.objects.create(title="Imprint", slug="imprint", body="<p>x</p>"), "Imprint", ["/", "story"],
    ),
    "closed comments": (
        lambda story: Policy.objects.create(article=story, mode="closed"), "comments on this story are closed", ["story"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_seen_by_the_next_who_asks(served, story, change):
    do, words, pages = CHANGES[change]
    urls = {
        "section": story.section.get_absolute_url(), "tag": story.tags.get().get_absolute_url(),
        "story": story.get_absolute_url(), "author": story.authors[0].get_absolute_url(),
    }  # fmt: skip
    for page in pages:
        assert words not in served.get(urls.get(page, page)).text
    do(story)
    for page in pages:
        if words.startswith("Another") and page == "/sitemap-pages.xml":
            continue
        assert words in served.get(urls.get(page, page)).text, page


def test_a_withdrawn_story_is_gone_from_everywhere_at_once(served, story):
    other = make_article(headline="Another story", tags=("Boats",))
    relate(other)
    urls = ["/", "/latest/", story.section.get_absolute_url(), "/feed/", "/feed/json/", other.get_absolute_url()]
    for url in urls:
        assert "Vladimír" in served.get(url).text, url
    assert served.get(story.get_absolute_url()).status == 200
    story.withdraw(None, "It was not so.")
    for url in urls:
        assert "Vladimír" not in served.get(url).text, url
    gone = served.get(story.get_absolute_url())
    assert gone.status == 410 and "It was not so." in gone.text
    story.publish(None)
    assert served.get(story.get_absolute_url()).status == 200


def test_new_words_of_a_picture_are_seen_in_all_its_stories_once_the_background_has_done_them(served, monkeypatch):
    monkeypatch.setattr("articles.models.image.BATCH", 1)
    picture = make_image(alt="Old words")
    text = f'<p>See.</p><figure data-image="{picture.pk}"><figcaption></figcaption></figure>'
    urls = [make_article(body=text).get_absolute_url() for _ in range(2)] + ["/feed/"]
    drain()
    Image.objects.filter(pk=picture.pk).update(alt="New words")
    picture.renew_stories()
    assert [served.get(url).text.count("New words") > 0 for url in urls] == [False, True, True]
    drain()
    assert "New words" in served.get(urls[0]).text
    assert "Old words" not in served.get("/feed/").text


def test_a_moved_story_leads_on_from_the_address_that_it_had(served, story):
    old = story.get_absolute_url()
    served.get(old)
    story.slug = "elsewhere"
    story.save()
    assert served.get(old).headers["Location"] == story.get_absolute_url()
    story.withdraw(None)
    assert served.get(old).headers["Location"] == story.get_absolute_url()
    story.delete()
    assert served.get(old).status == 404


def test_a_list_that_moved_leads_on_until_another_has_its_place_or_it_is_gone(served, story):
    tag = story.tags.get()
    tag.slug = "ships"
    tag.save()
    for _ in range(2):
        assert served.get("/tags/boats/").headers["Location"] == "/tags/ships/"
    assert served.made == 1
    story.withdraw(None)
    assert served.get("/tags/boats/").status == 404
    story.publish(None)
    assert served.get("/tags/boats/").status == 301
    Tag.objects.create(name="Rowing boats", slug="boats")
    assert served.get("/tags/boats/").status == 404


def test_likes_and_picks_are_seen(served, story, editor):
    comment = make_comment(article=story, status="published")
    url = story.get_absolute_url()
    before = served.get(url)
    toggle_like(comment, make_reader())
    liked = served.get(url)
    assert liked.body != before.body
    pick(comment, by=editor, picked=True)
    assert "Editor’s pick" in served.get(url).text and "Editor’s pick" not in liked.text


def test_a_story_put_on_the_front_page_stands_there(served, story, editor):
    make_article(headline="The newest", lead_image=make_image(), section=story.section)
    assert served.get("/").text.index("The newest") < served.get("/").text.index("Vladimír")
    FrontPageStory.objects.put(story, editor, "lead")
    page = served.get("/").text
    assert page.index("Vladimír") < page.index("The newest")


def test_a_story_of_which_nothing_has_been_worked_out_yet_follows_its_tags(served):
    waiting = make_article(headline="Just out", tags=("Boats",))
    assert waiting.related_at is None
    served.get(waiting.get_absolute_url())
    served.get(waiting.get_absolute_url())
    assert served.made == 1
    other = make_article(headline="Another story", tags=("Boats",))
    assert "Another story" in served.get(waiting.get_absolute_url()).text
    other.withdraw(None)
    assert "Another story" not in served.get(waiting.get_absolute_url()).text


def test_a_burst_of_comments_on_one_story_costs_the_others_nothing(served, story):
    other = make_article(headline="Another story", tags=("Boats",))
    relate(other)
    relate(story)
    for url in (other.get_absolute_url(), "/feed/", "/sitemap.xml"):
        served.get(url)
    made = served.made
    for _ in range(3):
        make_comment(article=story, status="published")
        served.get(other.get_absolute_url())
        served.get("/feed/")
        served.get("/sitemap.xml")
    assert served.made == made


@pytest.fixture
def lists(story) -> list[str]:
    """Addresses of lists and feeds that do not show the story."""
    ago = timezone.now() - datetime.timedelta(days=40)
    other = make_article(
        headline="Another story", section=make_section(name="Ports"), tags=("Ships",), publish_at=ago, lead_image=make_image(),
        bylines=((make_contributor(name="Bo"), "written"),),
    )  # fmt: skip
    relate(other)
    places = [
        other.section.get_absolute_url(),
        other.tags.get().get_absolute_url(),
        other.authors[0].get_absolute_url(),
    ]
    day = timezone.localdate(other.publish_at, timezone.get_default_timezone())
    return [*places, *(f"{place}feed/" for place in places), f"/{day:%Y/%m/%d}/"]


def put_picture(story):
    story.lead_image = Image.objects.exclude(pk=story.lead_image_id).get()
    story.save()


def costs_alone(served, with_it: list[str], others: list[str], change) -> None:
    """All of `with_it` are made anew after the change, and none of the others."""
    for url in [*others, *with_it]:
        served.get(url)
    made = served.made
    change()
    for url in others:
        served.get(url)
    assert served.made == made
    for url in with_it:
        served.get(url)
    assert served.made == made + len(with_it)


OF_ONE_STORY = {
    "its words": edit,
    "its picture": put_picture,
    "a comment": lambda story: make_comment(article=story, status="published"),
}


@pytest.mark.parametrize("change", OF_ONE_STORY)
def test_a_change_of_one_story_costs_the_lists_nothing_that_do_not_show_it(served, story, lists, change):
    with_it = [story.section.get_absolute_url(), story.tags.get().get_absolute_url(), "/latest/", "/"]
    costs_alone(served, with_it, lists, lambda: OF_ONE_STORY[change](story))


def put_back(story):
    story.publish_at -= datetime.timedelta(days=60)
    story.save()


def rename_address(story):
    story.slug = "ferry"
    story.save()


MOVES = {
    "it is withdrawn": lambda story: story.withdraw(None, "It was not so."),
    "its time": put_back,
    "its address": rename_address,
}


@pytest.mark.parametrize("move", MOVES)
def test_a_story_that_moves_costs_the_lists_nothing_that_it_never_stood_in(served, story, lists, move):
    *others, archive = lists
    places = [
        story.section.get_absolute_url(), story.tags.get().get_absolute_url(), story.authors[0].get_absolute_url()
    ]  # fmt: skip
    with_it = [*places, *(f"{place}feed/" for place in places), "/", "/latest/", "/feed/", "/sitemap.xml", archive]
    costs_alone(served, with_it, others, lambda: MOVES[move](story))


def test_a_draft_that_is_published_is_seen_in_its_lists_at_once_and_costs_no_others(served, story, lists):
    author = make_contributor(name="Cy")
    draft = make_article(
        headline="Just out", section=story.section, tags=("Boats",), status=Status.DRAFT, bylines=((author, "written"),)
    )
    with_it = [story.section.get_absolute_url(), story.tags.get().get_absolute_url(), author.get_absolute_url(), "/"]
    for url in [*lists, *with_it]:
        assert "Just out" not in served.get(url).text
    made = served.made
    draft.publish(None)
    for url in lists[:-1]:
        served.get(url)
    assert served.made == made
    for url in with_it:
        assert "Just out" in served.get(url).text, url


def test_a_story_goes_from_one_section_and_comes_into_the_other(served, story, lists):
    left, *others = story.section.get_absolute_url(), *lists[1:-1]
    for url in [left, *lists]:
        served.get(url)
    made = served.made
    story.section = Section.objects.get(name="Ports")
    story.save()
    assert "Vladimír" not in served.get(left).text
    assert "Vladimír" in served.get(lists[0]).text
    for url in set(others) - {f"{lists[0]}feed/"}:
        served.get(url)
    assert served.made == made + 2


def test_a_story_that_moves_is_missed_and_found_at_once(served, story, lists):
    section, tag, *_ = lists
    for url in lists:
        assert "Vladimír" not in served.get(url).text
    story.section = Section.objects.get(name="Ports")
    story.save()
    assert "Vladimír" in served.get(section).text
    story.tags.add("Ships")
    assert "Vladimír" in served.get(tag).text
    story.publish_at = timezone.now() - datetime.timedelta(days=40)
    story.save()
    assert "Vladimír" in served.get(lists[-1]).text
    story.kind = Article.Kind.SPONSORED
    story.save()
    assert "Sponsored" in served.get(section).text


def test_what_a_save_puts_right_in_lists_is_seen_there(served, story):
    author, tag = make_contributor(name="Bo"), Tag.objects.create(name="Tides")
    Byline.objects.bulk_create([Byline(article=story, contributor=author, role="written", order=9)])
    TaggedArticle.objects.bulk_create([TaggedArticle(content_object=story, tag=tag)])
    assert "Vladimír" not in served.get(author.get_absolute_url()).text
    assert served.get(tag.get_absolute_url()).status == 404
    story.save()
    for named in (author, tag):
        assert "Vladimír" in served.get(named.get_absolute_url()).text


def test_what_is_most_discussed_is_seen_where_it_stands_and_costs_no_other_list(served, story, lists):
    RankedStory.objects.replace("another", [(story.pk, 1)])
    for url in [*lists, "/", "/most-read/"]:
        assert "Most discussed" not in served.get(url).text
    made = served.made
    RankedStory.objects.replace(RANKING, [(story.pk, 7)])
    for url in lists:
        served.get(url)
    assert served.made == made
    for url in ("/", "/most-read/"):
        assert "Most discussed" in served.get(url).text


def test_words_of_a_story_are_seen_beside_others_and_cost_no_page_that_does_not_show_it(served, story):
    beside = make_article(headline="Beside", tags=("Boats",))
    alone = make_article(headline="Alone", tags=("Ships",))
    for article in (story, beside, alone):
        relate(article)
    for article in (beside, alone):
        served.get(article.get_absolute_url())
    made = served.made
    edit(story)
    assert "Vladimír on the ferry" in served.get(beside.get_absolute_url()).text
    served.get(alone.get_absolute_url())
    assert served.made == made + 1


def test_to_work_out_again_what_goes_with_a_story_costs_no_page_unless_it_is_something_else(story):
    beside = [make_article(headline=f"Beside {n}", tags=("Boats",)) for n in range(3)]
    for article in (story, *beside, story):
        relate(article)
    before = numbers()
    relate(Article.objects.get(pk=story.pk))
    assert numbers() == before
    story.tags.add("Ships")
    relate(make_article(headline="Closer", tags=("Ships",)))
    before = numbers()
    beside[0].tags.clear()
    relate(Article.objects.get(pk=beside[0].pk))
    touched = {key for key, number in numbers().items() if number != before.get(key)}
    assert {f"story-{beside[0].pk}", f"story-{story.pk}"} <= touched


class Noted(InDatabase):
    """Notes which numbers are asked for."""

    def __init__(self) -> None:
        super().__init__(source_of())
        self.asked: list[tuple[str, ...]] = []

    def read(self, keys):
        self.asked.append(tuple(keys))
        return super().read(keys)


def test_a_page_is_held_against_its_own_numbers_only_when_something_was_touched(story):
    counters, other = Noted(), make_article(section=make_section(name="Ports"))
    served, url = Served(counters), story.section.get_absolute_url()
    served.get(url)
    counters.asked.clear()
    served.get(url)
    assert counters.asked == [("any",)]
    make_comment(article=other, status="published")
    counters.asked.clear()
    made = served.made
    served.get(url)
    served.get(url)
    assert served.made == made
    assert [len(keys) > 1 for keys in counters.asked] == [False, True, False]


def test_what_waits_unseen_touches_nothing(story):
    before = numbers()
    comment = make_comment(article=story)
    assert comment.status == "pending"
    decide(comment, "spam", by=None)
    assert numbers() == before


def test_words_that_are_forgotten_in_time_cost_no_page(served, story):
    removed = make_comment(article=story, name="Wilhelmina", status="published")
    make_comment(parent=removed, status="published")
    decide(removed, "rejected", by=None)
    past = timezone.now() - datetime.timedelta(days=900)
    Comment.objects.filter(pk=removed.pk).update(created_at=past)
    Decision.objects.update(made_at=past)
    for url in (story.get_absolute_url(), f"/comments/replies/{removed.pk}/"):
        assert "Wilhelmina" not in served.get(url).text
    before = numbers()
    assert forget_in_time()["texts turned away"] == 1
    assert numbers() == before


@pytest.mark.parametrize("keep_comments", [True, False])
def test_to_erase_a_reader_costs_the_stories_that_they_wrote_under_and_no_other(served, story, keep_comments):
    reader = make_reader(email="wilhelmina@example.org", approved=5)
    for n in range(2):
        make_comment(article=story, reader=reader, name="Wilhelmina", body=f"Said {n}")
    make_comment(reader=reader, name="Wilhelmina", status="rejected")
    assert "Wilhelmina" in served.get(story.get_absolute_url()).text
    before = numbers()
    erase(reader.commenter, keep_comments=keep_comments)
    assert "Wilhelmina" not in served.get(story.get_absolute_url()).text
    touched = {key for key, number in numbers().items() if number != before.get(key)}
    counted = set() if keep_comments else {f"count-{story.pk}", "counts"}
    assert touched - {"any"} == {f"story-{story.pk}"} | counted


def test_what_nobody_has_named_yet_touches_nothing(story):
    before = numbers()
    picture, tag, author = make_image(), Tag.objects.create(name="Tides"), make_contributor(name="Bo")
    assert numbers() == before
    picture.alt = "Others"
    picture.save()
    assert numbers() != before
    before = numbers()
    Tag.objects.bulk_create([tag], update_conflicts=True, update_fields=["name"], unique_fields=["id"])
    assert numbers() != before
    before = numbers()
    story.bylines.create(contributor=author, role="written", order=9)
    assert numbers() != before


def test_drafts_touch_nothing(story, editor):
    draft = make_article(status=Status.DRAFT, headline="A draft", section=story.section)
    before = numbers()
    draft.headline = "A better draft"
    draft.save()
    draft.record(editor)
    draft.submit(editor)
    assert numbers() == before


def test_what_is_rolled_back_touches_nothing(story):
    before = numbers()
    with pytest.raises(RuntimeError), transaction.atomic():
        Section.objects.update(name="Ports")
        raise RuntimeError
    assert numbers() == before
    Section.objects.update(description="Ports")
    assert numbers() != before


def test_writes_that_nobody_speaks_for_touch_what_their_table_shows(served, story):
    url = story.get_absolute_url()
    served.get(url)
    Article.objects.filter(pk=story.pk).update(headline="Past every verb")
    assert "Past every verb" in served.get(url).text
    with connection.cursor() as cursor:
        cursor.execute("UPDATE articles_article SET headline = %s", ["Past Django’s models"])
    assert "Past Django’s models" in served.get(url).text


def test_rows_that_are_written_by_the_thousand_touch_what_their_table_shows(served, story):
    assert "Ports" not in served.get("/").text
    with transaction.atomic():
        table = Table(Section, "name", "slug")
        table.add("Ports", "ports")
        table.take().write()
    assert "Ports" in served.get("/").text


@pytest.mark.usefixtures("own_numbers")
def test_all_pages_are_forgotten_when_somebody_says_so(story):
    served = Served()
    Page.objects.create(title="About", slug="about", body="<p>Us.</p>")
    urls = ["/", story.get_absolute_url(), "/pages/about/"]
    for url in [*urls, *urls]:
        served.get(url)
    assert served.made == len(urls)
    call_command("forget_pages")
    for url in urls:
        served.get(url)
    assert served.made == 2 * len(urls)


@pytest.mark.usefixtures("own_numbers")
def test_no_number_is_set_back_that_has_been_raised_since_the_greatest_was_looked_for(story, monkeypatch):
    monkeypatch.setattr("newsportal.page_cache.restored.least", lambda numbers: 5)
    Edition.objects.filter(key="site").update(number=1_000)
    call_command("forget_pages")
    assert Edition.objects.get(key="site").number > 1_000


WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datname = current_database()
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_of_two_who_write_about_one_story_neither_waits_for_the_other_in_a_ring(story):
    """One holds it for all of a save; the other refers to it, which PostgreSQL looks at when that one commits."""
    held, failed = threading.Event(), []

    def save():
        with transaction.atomic():
            Article.objects.select_for_update().get(pk=story.pk)
            held.set()
            with connections["default"].cursor() as cursor:
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline:
                    cursor.execute(WAITING)
                    if cursor.fetchone()[0]:
                        break
                    time.sleep(0.01)
            Article.objects.filter(pk=story.pk).update(headline="Saved")

    def rank():
        assert held.wait(20)
        RankedStory.objects.replace(RANKING, [(story.pk, 7)])

    def run(work):
        try:
            work()
        except OperationalError as error:
            failed.append(error)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=run, args=[work]) for work in (save, rank)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed
    assert Article.objects.get(pk=story.pk).headline == "Saved"
    assert RankedStory.objects.filter(article=story).exists()


def test_every_table_of_ours_is_seen_or_is_not():
    ours = {
        model._meta.db_table
        for app in ("articles", "comments", "adverts", "newsportal")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    }
    assert ours == set(BY_TABLE) | SEEN_BY_NO_READER
    assert not set(BY_TABLE) & SEEN_BY_NO_READER


# --- Without anybody's doing ------------------------------------------------------------------------------------------


def test_a_scheduled_story_appears_by_itself(served, story):
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False) as clock:
        urls = ["/", "/latest/", story.section.get_absolute_url(), "/feed/"]
        for url in urls:
            served.get(url)
        late = make_article(headline="At its time", section=story.section, publish_at=now + MINUTE)
        clock.shift(59)
        for url in urls:
            assert "At its time" not in served.get(url).text
        made = served.made
        for url in urls:
            served.get(url)
        assert served.made == made, "it was kept until then"
        clock.shift(1)
        for url in urls:
            assert "At its time" in served.get(url).text, url
        assert served.get(late.get_absolute_url()).status == 200


def test_a_clock_that_was_wrong_and_is_put_right_leaves_nothing_of_the_future(served, story):
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False) as clock:
        make_article(headline="Of tomorrow", section=story.section, publish_at=now + 24 * 60 * MINUTE)
        clock.shift(2 * 24 * 3600)
        for url in ("/", "/latest/"):
            assert "Of tomorrow" in served.get(url).text
        clock.shift(-2 * 24 * 3600)
        for url in ("/", "/latest/"):
            assert "Of tomorrow" not in served.get(url).text


def test_a_banner_ends_and_a_next_version_goes_live_by_themselves(served, story, administrator):
    from articles.editing.snapshot import take

    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False) as clock:
        url = story.get_absolute_url()
        Banner.objects.create(text="It rains", starts_at=now, ends_at=now + MINUTE)
        story.record(administrator)
        keep_next(
            story, take(story) | {"headline": "What it says then"}, administrator, seen=story.version, live=story.version,
            due_at=now + 2 * MINUTE,
        )  # fmt: skip
        assert "It rains" in served.get(url).text
        clock.shift(60)
        assert "It rains" not in served.get(url).text
        assert "What it says then" not in served.get(url).text
        clock.shift(60)
        assert "What it says then" in served.get(url).text


def test_a_ranking_that_nobody_makes_anew_goes_by_itself(served, story):
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False) as clock:
        assert "Most discussed" not in served.get("/").text
        RankedStory.objects.replace(RANKING, [(story.pk, 7)])
        assert "Most discussed" in served.get("/").text
        clock.shift(STALE + MINUTE)
        assert "Most discussed" not in served.get("/").text


def test_adverts_that_share_a_place_take_turns_on_kept_pages(served, story):
    make_booking(headline="The lighthouse")
    make_booking(headline="The ferry")
    now = timezone.now().replace(second=0, microsecond=0)
    seen = set()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(12):
            text = served.get(story.get_absolute_url()).text
            seen |= {name for name in ("The lighthouse", "The ferry") if name in text}
            clock.shift(60)
    assert seen == {"The lighthouse", "The ferry"}


def test_comments_close_by_themselves(served, story):
    Policy.objects.create(close_after_days=1)
    closed = "comments on this story are closed"
    with time_machine.travel(story.publish_at + datetime.timedelta(days=1, seconds=-1), tick=False) as clock:
        assert closed not in served.get(story.get_absolute_url()).text
        clock.shift(1)
        assert closed in served.get(story.get_absolute_url()).text


def test_no_proxy_keeps_a_page_beyond_the_moment_at_which_it_changes(settings, story):
    served = Served(shared_seconds=60, tags="Surrogate-Key")
    now = timezone.now().replace(microsecond=0)
    with time_machine.travel(now, tick=False) as clock:
        assert served.get("/").headers["Cache-Control"] == "public, max-age=0, s-maxage=60, stale-if-error=86400"
        assert served.get(story.get_absolute_url()).headers["Surrogate-Key"] == f"site story-{story.pk}"
        make_article(headline="At its time", section=story.section, publish_at=now + MINUTE)
        clock.shift(50)
        assert "s-maxage=10" in served.get("/").headers["Cache-Control"]
        clock.shift(9.5)
        assert served.get("/").headers["Cache-Control"] == "public, no-cache"


def test_no_proxy_keeps_what_may_be_past_when_it_is_sent(story):
    served = Served(shared_seconds=60)
    url, to_nobody = story.get_absolute_url(), "public, no-cache"
    application = served._cache._application

    def changed_meanwhile(environ, start_response):
        answer = application(environ, start_response)
        edit(story)
        return answer

    served._cache._application = changed_meanwhile
    assert served.get(url).headers["Cache-Control"] == to_nobody
    served._cache._application = application
    page = served.get(url)
    assert "s-maxage=60" in page.headers["Cache-Control"]

    class Away(InDatabase):
        def read(self, keys):
            raise Unreadable

    truth = served._cache._counters_of_process
    served._cache._counters_of_process = lambda: Away(source_of())
    assert (served.get(url).headers["Cache-Control"], served.get(url).body) == (to_nobody, page.body)
    served._cache._counters_of_process = truth

    def broken(environ, start_response):
        start_response("503 Service Unavailable", [("Content-Type", "text/html")])
        return [b"Sorry."]

    story.correct(None, "It was dry.")
    served._cache._application = broken
    assert (served.get(url).headers["Cache-Control"], served.get(url).body) == (to_nobody, page.body)


# --- Many at once, and in bad times -----------------------------------------------------------------------------------


def test_however_many_ask_it_is_made_once(served, story):
    begun, go = threading.Event(), threading.Event()
    application = served._cache._application

    def slow(environ, start_response):
        begun.set()
        assert go.wait(20)
        return application(environ, start_response)

    served._cache._application = slow
    answers = []

    def ask():
        answers.append(served.get("/latest/"))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert begun.wait(20)
    go.set()
    for thread in threads:
        thread.join(30)
    assert len({answer.body for answer in answers}) == 1 and len(answers) == 12
    assert served.made == 1


def test_who_asks_after_a_change_does_not_get_what_was_begun_before_it(served, story):
    begun, go = threading.Event(), threading.Event()
    application = served._cache._application
    url = story.get_absolute_url()

    def slow(environ, start_response):
        answer = application(environ, start_response)
        if not begun.is_set():
            begun.set()
            assert go.wait(20)
        return answer

    served._cache._application = slow
    early, late = [], []

    def ask(into):
        into.append(served.get(url).text)
        connection.close()

    first = threading.Thread(target=ask, args=[early])
    first.start()
    assert begun.wait(20)
    edit(story)
    second = threading.Thread(target=ask, args=[late])
    second.start()
    go.set()
    first.join(30)
    second.join(30)
    assert "on the ferry" in late[0]
    assert "on the ferry" in served.get(url).text


def test_kept_pages_are_read_while_the_database_is_away(served, story):
    url = story.get_absolute_url()
    page = served.get(url)

    class Away(InDatabase):
        def read(self, keys):
            raise Unreadable

    served._cache._counters_of_process = lambda: Away(source_of())
    assert served.get(url).body == page.body
    assert served.made == 1


def test_work_in_the_background_goes_on_where_every_page_is_kept(story):
    looked = []
    served = Served(look=lambda: looked.append(1))
    served.get("/latest/")
    assert not looked, "Django does it with its own requests"
    served.get("/latest/")
    assert looked == [1]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="about SQLite's journal")
@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_numbers_are_those_of_the_last_commit_in_either_journal(tmp_path, journal):
    """Of commits by another process, too; and after a checkpoint, which writes the journal anew."""
    name = str(tmp_path / "numbers.sqlite3")
    with sqlite3.connect(name, isolation_level=None) as writer:
        writer.execute(f"PRAGMA journal_mode = {journal}")
        writer.execute("CREATE TABLE newsportal_edition (key TEXT PRIMARY KEY, number INTEGER)")
        writer.execute("INSERT INTO newsportal_edition VALUES ('site', 0)")
        source = FromSqlite(name)
        for number in range(1, 60):
            writer.execute("UPDATE newsportal_edition SET number = ?", [number])
            assert source.numbers(("site", "lists")) == (number, 0)
            if number % 20 == 0:
                writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                assert source.numbers(("site",)) == (number,)
    script = f"import sqlite3; c = sqlite3.connect({name!r}); c.execute('UPDATE newsportal_edition SET number = 99'); c.commit()"  # noqa: S608
    subprocess.run([sys.executable, "-c", script], check=True)
    assert source.numbers(("site",)) == (99,)


def test_memory_is_bounded_and_what_is_asked_for_stays():
    kept = Kept(capacity=200_000)
    pages = {("http", "h", f"/{n}/", "", False): KeptPage("200 OK", [], b"x" * 20_000) for n in range(50)}
    wanted = next(iter(pages))
    for key, page in pages.items():
        kept.put(key, page)
        assert kept.get(wanted) is not None
    assert len(kept) * 20_000 < 200_000
    text = KeptPage("200 OK", [("Content-Type", "text/html; charset=utf-8")], b"<p>Rain.</p>" * 5_000)
    kept.put(("http", "h", "/text/", "", False), text)
    assert text.size < 5_000, "it is in memory as it is sent"
    assert text.whole() == gzip.decompress(text.encoded("gzip")[1]) == brotli.decompress(text.encoded("br")[1])
    kept.put(("http", "h", "/large/", "", False), KeptPage("200 OK", [], b"x" * 150_000))
    assert kept.get(("http", "h", "/large/", "", False)) is None and kept.get(wanted)
