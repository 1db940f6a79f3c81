"""Feeds of comments: what is visible and nothing else, under ids that stay."""

import xml.etree.ElementTree as ET

import pytest

from articles.tests.factories import make_article
from comments.decide import decide
from comments.feeds import latest, latest_on
from comments.models import Comment, Status
from comments.tests.factories import make_comment
from comments.tests.plans import crowd, plans_of, sorts, wasteful

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def article():
    return make_article(headline="Rain & “fog”")


def entries(client, url: str) -> list[dict[str, str]]:
    response = client.get(url)
    assert response["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(response.content)  # noqa: S314 (our own)
    return [
        {child.tag.removeprefix(ATOM): "".join(child.itertext()) for child in entry}
        for entry in feed.iter(f"{ATOM}entry")
    ]


def feeds(article) -> list[str]:
    return [f"/comments/on/{article.pk}/feed/", "/comments/feed/"]


def test_feeds_hold_what_is_visible_newest_first(client, article, moderator):
    first = make_comment(article=article, body="First.")
    make_comment(article=article, body="Second.", status=Status.PUBLISHED)
    decide(first, Status.PUBLISHED, by=moderator)
    for status in (Status.PENDING, Status.REJECTED, Status.SPAM):
        make_comment(article=article, body="Unseen.", email=f"{status}@example.org", status=status)
    for url in feeds(article):
        assert [entry["summary"] for entry in entries(client, url)] == ["<p>First.</p>", "<p>Second.</p>"]


def test_a_comment_that_is_gone_but_keeps_its_place_is_not_in_a_feed(client, article, moderator):
    parent = make_comment(article=article, body="Gone.", status=Status.PUBLISHED)
    make_comment(parent=parent, body="Reply.", status=Status.PUBLISHED)
    decide(parent, Status.REJECTED, by=moderator)
    for url in feeds(article):
        assert [entry["summary"] for entry in entries(client, url)] == ["<p>Reply.</p>"]


def test_comments_of_a_story_that_is_not_public_are_in_no_feed(client, article):
    make_comment(article=article, status=Status.PUBLISHED)
    article.withdraw(None)
    assert entries(client, "/comments/feed/") == []
    assert client.get(f"/comments/on/{article.pk}/feed/").status_code == 404


def test_ids_stay_and_no_address_is_told(client, article):
    make_comment(article=article, email="secret@example.org", status=Status.PUBLISHED)
    (before,) = entries(client, "/comments/feed/")
    Comment.objects.update(body_html="<p>Other</p>")
    (after,) = entries(client, "/comments/feed/")
    assert before["id"] == after["id"]
    assert before["id"].startswith("tag:testserver,")
    assert "secret@" not in client.get("/comments/feed/").content.decode()


def test_markup_is_text_in_a_feed(client, article):
    make_comment(article=article, name="<b>x</b>", body="]]><script>alert(1)</script>", status=Status.PUBLISHED)
    (entry,) = entries(client, "/comments/feed/")
    assert "<script>" not in entry["summary"]
    assert entry["author"] == "<b>x</b>"


def test_a_feed_is_asked_for_again_cheaply(client, article):
    make_comment(article=article, status=Status.PUBLISHED)
    first = client.get("/comments/feed/")
    assert client.get("/comments/feed/", headers={"if-none-match": first["ETag"]}).status_code == 304


def test_stories_name_their_feed(client, article):
    assert f'href="/comments/on/{article.pk}/feed/"' in client.get(article.get_absolute_url()).content.decode()


def test_feeds_scan_and_sort_nothing():
    root = crowd()[0]
    for asked in (lambda: list(latest()), lambda: list(latest_on(root.article))):
        (plan,) = plans_of(asked)
        assert not wasteful(plan), plan
        assert not sorts(plan), plan
