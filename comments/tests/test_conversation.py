"""Threads: where replies stand, what is left of who has gone, and pages by key that cost the same at any size."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from articles.tests.factories import make_article
from comments.conversation import FIRST_REPLIES, REPLIES_A_PAGE, ROOTS_A_PAGE, BadCursor, Sort, page_of
from comments.decide import decide, delete_own, hold
from comments.models import Comment, Commenter, Status
from comments.models.comment import MAX_DEPTH
from comments.post import PostRefused
from comments.tests.factories import make_comment

pytestmark = pytest.mark.django_db


@pytest.fixture
def article():
    return make_article()


def say(article=None, parent=None, **fields) -> Comment:
    return make_comment(article=article, parent=parent, status=Status.PUBLISHED, **fields)


def drawn(article) -> list[tuple[int, str]]:
    """What a story shows: (level, text) from top to bottom; a gone comment is its status."""

    def draw(nodes, level):
        for node in nodes:
            comment = node.comment
            text = re.sub("<.*?>", "", comment.body_html) if comment.is_visible else f"[{comment.status}]"
            yield level, text
            yield from draw(node.replies, level + 1)

    return list(draw(page_of(article).nodes, 0))


def test_replies_stand_below_what_they_answer(article):
    first = say(article, body="First")
    say(article, body="Second")
    reply = say(parent=first, body="Reply")
    say(parent=reply, body="Reply to the reply")
    say(parent=first, body="Another reply")
    assert drawn(article) == [
        (0, "Second"),
        (0, "First"),
        (1, "Reply"),
        (2, "Reply to the reply"),
        (1, "Another reply"),
    ]


def test_a_reply_to_the_deepest_level_stands_beside_it_and_names_whom_it_answers(article, client, moderator):
    comment = say(article, body="0")
    for level in range(1, MAX_DEPTH):
        comment = say(parent=comment, body=str(level), name=f"Speaker {level}")
    deepest = say(parent=comment, body="too deep")
    assert deepest.depth == comment.depth == MAX_DEPTH - 1
    assert (deepest.parent, deepest.answers) == (comment.parent, comment)
    assert 'dir="auto">Speaker 4</a>' in client.get(article.get_absolute_url()).content.decode()
    # A name that was taken away with its comment stands beside no answer either.
    decide(comment, Status.REJECTED, by=moderator)
    assert "Speaker 4" not in client.get(article.get_absolute_url()).content.decode()
    assert "Speaker 4" not in client.get(reverse("comment_replies", args=[deepest.root_id])).content.decode()


def test_a_reply_to_what_is_not_visible_is_refused(article, moderator):
    comment = say(article)
    decide(comment, Status.REJECTED, by=moderator)
    with pytest.raises(PostRefused, match="not there any more"):
        say(parent=comment)
    with pytest.raises(PostRefused):
        make_comment(article=make_article(), parent=say(article))


def test_a_refused_reply_keeps_what_was_typed(client, article):
    comment = make_comment(article=article)
    words = {"name": "A", "email": "a@example.org", "body": "My long answer.", "parent": comment.pk}
    response = client.post(f"/comments/post/{article.pk}/", words, headers={"sec-fetch-site": "same-origin"})
    assert response.status_code == 400
    assert "My long answer." in response.content.decode()
    assert "not there any more" in response.content.decode()


def test_a_reply_that_comes_back_is_still_called_one(client, article):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    for parent, name, button in ((comment.pk, "Your reply", "Send reply"), ("", "Your comment", "Send comment")):
        words = {"name": "A", "email": "a@example.org", "body": "", "parent": parent}
        answer = client.post(f"/comments/post/{article.pk}/", words, headers={"sec-fetch-site": "same-origin"})
        page = answer.content.decode()
        assert answer.status_code == 400 and f"<title>{name}" in page and f">{button}</button>" in page


def test_what_is_gone_keeps_its_place_while_replies_hang_on_it(article, moderator):
    first = say(article, body="First")
    reply = say(parent=first, body="Reply")
    decide(first, Status.REJECTED, by=moderator)
    assert drawn(article) == [(0, "[rejected]"), (1, "Reply")]
    delete_own(reply)
    assert drawn(article) == []


def test_a_deleted_reply_between_others_is_a_tombstone(article, client):
    first = say(article, body="First")
    second = say(parent=first, body="Second, soon gone")
    say(parent=second, body="Third")
    delete_own(second)
    assert drawn(article) == [(0, "First"), (1, "[deleted]"), (2, "Third")]
    page = client.get(article.get_absolute_url()).content.decode()
    assert "its author has deleted" in page
    assert "soon gone" not in page


def test_approving_a_parent_leaves_held_children_held(article, moderator):
    parent = say(article, body="Parent")
    child = make_comment(parent=parent, body="Child")
    decide(parent, Status.REJECTED, by=moderator)
    decide(parent, Status.PUBLISHED, by=moderator)
    child.refresh_from_db()
    assert child.status == Status.PENDING
    assert drawn(article) == [(0, "Parent")]


def counts(article) -> tuple[int, dict[str, int]]:
    article.refresh_from_db(fields=["comment_count"])
    return article.comment_count, dict(Comment.objects.values_list("body", "visible_replies"))


def test_counts_follow_every_change(article, moderator):
    a = say(article, body="a")
    b = say(parent=a, body="b")
    c = make_comment(parent=b, body="c")
    assert counts(article) == (2, {"a": 1, "b": 0, "c": 0})
    decide(c, Status.PUBLISHED, by=moderator)
    assert counts(article) == (3, {"a": 2, "b": 1, "c": 0})
    b.refresh_from_db()
    hold(b, note="Reported.")
    assert counts(article) == (2, {"a": 1, "b": 1, "c": 0})
    decide(c, Status.SPAM, by=moderator)
    assert counts(article) == (1, {"a": 0, "b": 0, "c": 0})
    assert drawn(article) == [(0, "a")]


def test_saving_a_story_that_was_read_before_a_comment_came_loses_no_count(article):
    as_an_editor_has_it = Article.objects.get(pk=article.pk)
    say(article)
    as_an_editor_has_it.headline = "Another headline"
    as_an_editor_has_it.save()
    article.refresh_from_db()
    assert (article.headline, article.comment_count) == ("Another headline", 1)


def test_a_reply_keeps_its_place_when_it_comes_back(article, moderator):
    root = say(article)
    first, second = say(parent=root, body="1"), say(parent=root, body="2")
    decide(first, Status.REJECTED, by=moderator)
    decide(first, Status.PUBLISHED, by=moderator)
    assert [(c.body, c.place) for c in Comment.objects.filter(root=root).order_by("place")] == [("1", 1), ("2", 2)]
    assert second.place == 2


def test_every_beginning_is_on_exactly_one_page_in_every_order(article):
    likes = [3, 0, 3, 1, 0, 7] * 8
    for number, count in enumerate(likes):
        comment = say(article, body=f"Comment {number}")
        Comment.objects.filter(pk=comment.pk).update(likes=count)
    pks = set(Comment.objects.values_list("pk", flat=True))
    for sort in Sort:
        seen, cursor = [], ""
        while cursor is not None:
            page = page_of(article, sort, cursor)
            assert len(page.nodes) <= ROOTS_A_PAGE
            seen += [node.comment for node in page.nodes]
            cursor = page.next
        assert {comment.pk for comment in seen} == pks
        assert len(seen) == len(pks)
        keys = {
            Sort.NEWEST: [-comment.pk for comment in seen],
            Sort.OLDEST: [comment.pk for comment in seen],
            Sort.LIKED: [(-comment.likes, -comment.pk) for comment in seen],
        }[sort]
        assert keys == sorted(keys)


@pytest.mark.parametrize("cursor", ["x", "-1", "1-2", "1;drop", "٣", "9" * 30])
def test_a_cursor_that_is_not_ours_is_a_missing_page(client, article, cursor):
    with pytest.raises(BadCursor):
        page_of(article, Sort.NEWEST, cursor)
    assert client.get(f"/comments/on/{article.pk}/", {"from": cursor}).status_code == 404
    assert client.get(f"/comments/on/{article.pk}/", {"sort": cursor}).status_code == 404
    assert client.get(f"/comments/replies/{say(article).pk}/", {"after": cursor}).status_code == 404


def test_many_replies_are_a_page_of_their_own(client, article):
    root = say(article, body="Root")
    for number in range(REPLIES_A_PAGE + FIRST_REPLIES + 2):
        say(parent=root, body=f"Reply number {number:03}")
    page = client.get(article.get_absolute_url()).content.decode()
    assert page.count("Reply number") == FIRST_REPLIES
    assert f"{REPLIES_A_PAGE + 2} more replies" in page
    seen, url = [], f"/comments/replies/{root.pk}/?after={FIRST_REPLIES}"
    while url:
        page = client.get(url).content.decode()
        seen += re.findall(r"Reply number (\d+)", page)
        match = re.search(r'href="([^"]+)">More replies', page)
        url = match and match[1]
    assert seen == [f"{number:03}" for number in range(FIRST_REPLIES, REPLIES_A_PAGE + FIRST_REPLIES + 2)]


def test_a_permalink_leads_to_the_page_on_which_the_comment_stands(client, article):
    old = say(article, body="The oldest")
    replies = [say(parent=old, body=f"Reply {number}") for number in range(FIRST_REPLIES + 3)]
    for _ in range(ROOTS_A_PAGE):
        say(article)
    new = say(article, body="The newest")
    for comment in (old, new, replies[0], replies[-1]):
        response = client.get(f"/comments/{comment.pk}/")
        assert response.status_code == 302
        address, _, anchor = response["Location"].partition("#")
        assert anchor == f"comment-{comment.pk}"
        assert f'id="{anchor}"' in client.get(address).content.decode()


def test_a_comment_that_is_not_public_has_no_permalink(client, article):
    for status in (Status.PENDING, Status.REJECTED, Status.SPAM):
        assert client.get(f"/comments/{make_comment(article=article, status=status).pk}/").status_code == 404
    comment = say(article)
    article.withdraw(None)
    assert client.get(f"/comments/{comment.pk}/").status_code == 404


def test_lists_say_how_many_comments_a_story_has(client, article):
    assert "comment" not in client.get("/latest/").content.decode().split("<main")[1].split("</main")[0].lower()
    say(article)
    assert "1 comment</a>" in client.get("/latest/").content.decode()


# --- Costs ---


def fill(article: Article, *, roots: int, replies: int) -> None:
    """Many published comments at once, as `appear` would have left them."""
    guest = Commenter.objects.by_email("many@example.org")
    now = timezone.now()
    start = Comment.objects.count()
    common = {
        "article": article, "commenter": guest, "name": "Many", "body": "x", "body_html": "<p>x</p>",
        "status": Status.PUBLISHED, "listed": True, "published_at": now,
    }  # fmt: skip
    made = Comment.objects.bulk_create(
        Comment(**common, body_hash=f"r{start + n}", visible_replies=replies, places=replies) for n in range(roots)
    )
    Comment.objects.bulk_create(
        (
            Comment(
                **common, body_hash=f"{root.pk}-{n}", root=root, parent=root, ancestors=[root.pk], depth=1, place=n + 1
            )
            for root in made
            for n in range(replies)
        ),
        batch_size=2_000,
    )
    Article.objects.filter(pk=article.pk).update(comment_count=roots * (replies + 1))


def test_the_comments_of_a_story_cost_three_queries_with_ten_or_ten_thousand(client):
    costs = []
    for roots, replies in ((0, 0), (2, 5), (100, 100)):
        article = make_article()
        fill(article, roots=roots, replies=replies)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(article.get_absolute_url()).content.decode()
        talk = [query["sql"] for query in queries if "comments_" in query["sql"]]
        costs.append((len(talk), page.count('itemtype="https://schema.org/Comment"')))
    assert costs == [(1, 0), (3, 12), (3, ROOTS_A_PAGE * (FIRST_REPLIES + 1))]


def test_a_thread_of_ten_thousand_is_read_as_few_rows_as_one_of_fifty(client):
    """Not how long, but how much: the rows that leave the database are the rows that are shown."""
    article = make_article()
    fill(article, roots=1, replies=10_000)
    page = page_of(Article.objects.get(pk=article.pk))
    assert len(list(page.rows())) == 1 + FIRST_REPLIES
    assert page.nodes[0].more == 10_000 - FIRST_REPLIES
    root = page.nodes[0].comment
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"/comments/replies/{root.pk}/?after=9000").status_code == 200
    assert len([query for query in queries if "comments_" in query["sql"]]) <= 3
