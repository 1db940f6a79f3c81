"""Feeds show what readers see, escaped, at a cost that does not grow."""

import xml.etree.ElementTree as ET

import pytest
from django.utils import timezone

from articles.tests.factories import make_article
from comments import feeds
from comments.decide import decide, delete_own
from comments.models import Comment, Status
from comments.tests.factories import make_comment
from comments.tests.letters import make_reply
from comments.tests.plans import crowd, plans_of, sorts, wasteful

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "/comments/feed/"


def feed_of(article) -> str:
    return f"/comments/on/{article.pk}/feed/"


def entries(client, url: str) -> list[ET.Element]:
    response = client.get(url)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/atom+xml")
    return ET.fromstring(response.content).findall(f"{ATOM}entry")  # noqa: S314  (our own)


def texts(client, url: str) -> list[str]:
    return [entry.findtext(f"{ATOM}summary") for entry in entries(client, url)]


def test_a_story_has_a_feed_of_what_was_published_last(client):
    article = make_article()
    first, second = make_comment(article=article), make_comment(article=article)
    for comment in (second, first):
        decide(comment, Status.PUBLISHED, by=None)
    make_comment(status=Status.PUBLISHED, body="Elsewhere.")
    assert texts(client, feed_of(article)) == [first.body_html, second.body_html]


def test_the_site_has_a_feed_of_all_public_stories(client):
    here, there = (make_comment(status=Status.PUBLISHED) for _ in range(2))
    assert texts(client, SITE) == [there.body_html, here.body_html]
    there.article.withdraw(None)
    assert texts(client, SITE) == [here.body_html]


@pytest.mark.parametrize("status", [Status.PENDING, Status.REJECTED, Status.SPAM])
def test_no_feed_has_what_readers_do_not_see(client, status):
    comment = make_comment(status=status)
    assert entries(client, SITE) == entries(client, feed_of(comment.article)) == []


def test_a_deleted_comment_with_replies_is_in_no_feed(client):
    comment = make_comment(status=Status.PUBLISHED, body="Taken back.")
    reply = make_reply(to=comment)
    decide(reply, Status.PUBLISHED, by=None)
    delete_own(comment)
    assert Comment.objects.get(pk=comment.pk).listed
    for url in (SITE, feed_of(comment.article)):
        [entry] = entries(client, url)
        assert entry.findtext(f"{ATOM}title").startswith("Ludmila on “")


def test_a_story_that_is_not_public_has_no_feed(client):
    for status in ("draft", "withdrawn"):
        assert client.get(feed_of(make_article(status=status))).status_code == 404
    assert client.get("/comments/on/999999/feed/").status_code == 404


def test_text_stays_text_and_addresses_stay_here(client):
    comment = make_comment(
        name="<b>Bold & Co</b>", email="secret@example.org", body="</summary><script>alert(1)</script> \ufffe&amp;"
    )
    decide(comment, Status.PUBLISHED, by=None)
    raw = client.get(SITE).content.decode()
    assert "secret@" not in raw
    assert "<script" not in raw
    [entry] = entries(client, SITE)
    assert entry.find(f"{ATOM}author/{ATOM}name").text == "<b>Bold & Co</b>"
    assert entry.find(f"{ATOM}summary").get("type") == "html"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in entry.findtext(f"{ATOM}summary")


def test_an_entry_is_known_by_a_number_that_stays(client):
    comment = make_comment(status=Status.PUBLISHED)
    [entry] = entries(client, SITE)
    day = f"{comment.created_at:%Y-%m-%d}"
    assert entry.findtext(f"{ATOM}id") == f"tag:testserver,{day}:comment-{comment.pk}"
    assert entry.find(f"{ATOM}link").get("href") == f"http://testserver{comment.get_absolute_url()}"
    Comment.objects.update(edited_at=timezone.now())
    assert entries(client, SITE)[0].findtext(f"{ATOM}id") == entry.findtext(f"{ATOM}id")
    assert entries(client, SITE)[0].findtext(f"{ATOM}updated") > entry.findtext(f"{ATOM}published")


def test_a_reply_says_whom_it_answers(client):
    comment = make_comment(status=Status.PUBLISHED, name="Ottilie")
    decide(make_reply(to=comment), Status.PUBLISHED, by=None)
    assert entries(client, SITE)[0].findtext(f"{ATOM}title").startswith("Ludmila to Ottilie on “")


def test_an_unchanged_feed_is_not_sent_again_and_a_changed_one_is(client):
    article = make_article()
    older = make_comment(article=article, status=Status.PUBLISHED)
    make_comment(article=article, status=Status.PUBLISHED)
    for url in (SITE, feed_of(article)):
        response = client.get(url)
        assert "Last-Modified" not in response
        assert not response.cookies
        unless = {"if-none-match": response["ETag"]}
        assert client.get(url, headers=unless).status_code == 304
        decide(Comment.objects.get(pk=older.pk), Status.REJECTED, by=None)
        assert client.get(url, headers=unless).status_code == 200
        assert len(entries(client, url)) == 1
        decide(Comment.objects.get(pk=older.pk), Status.PUBLISHED, by=None)


def test_an_empty_feed_stays_the_same(client):
    article = make_article()
    for url in (SITE, feed_of(article)):
        assert client.get(url).content == client.get(url).content


def test_a_feed_has_fifty_entries_and_few_queries(client, django_assert_max_num_queries):
    article = make_article()
    for _ in range(52):
        make_comment(article=article, status=Status.PUBLISHED)
    for url in (SITE, feed_of(article)):
        with django_assert_max_num_queries(3):
            assert len(entries(client, url)) == 50


def test_feeds_scan_and_sort_nothing():
    root = crowd(stories=60)[0]  # of few stories PostgreSQL walks the site's, rightly
    # Of the whole site's, only what is withdrawn since is read to be thrown away.
    for asked, walks in (
        (lambda: list(feeds.latest()), "comment_site_feed"), (lambda: list(feeds.latest_on(root.article)), "no index"),
    ):  # fmt: skip
        (plan,) = plans_of(asked)
        assert not wasteful(plan, walks=walks), plan
        assert not sorts(plan), plan


def test_stories_name_their_feed(client):
    article = make_article()
    assert f'href="{feed_of(article)}"' in client.get(article.get_absolute_url()).content.decode()
