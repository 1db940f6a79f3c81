"""A stored count that is wrong keeps nobody from moderating, and is put right while others write."""

import threading

import pytest
from django.db import connection, transaction

from articles.models import Article
from comments.decide import decide, decide_all, last_batch, undo
from comments.models import Comment, Commenter, Flag, Like, Status
from comments.reactions import flag, toggle_like
from comments.recount import recount
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db


def as_it_is(comment: Comment) -> Comment:
    return Comment.objects.get(pk=comment.pk)


def test_a_comment_is_removed_under_a_story_that_counts_none(moderator):
    comment = make_comment(status=Status.PUBLISHED)
    Article.objects.update(comment_count=0)
    decide(as_it_is(comment), Status.REJECTED, by=moderator)
    assert not Comment.objects.visible().exists()
    assert Article.objects.get().comment_count == 0


def test_one_wrong_count_does_not_break_off_a_press_for_many(moderator):
    comments = [make_comment(status=Status.PUBLISHED) for _ in range(3)]
    Article.objects.filter(pk=comments[1].article_id).update(comment_count=0)
    _, count, refused = decide_all([as_it_is(comment) for comment in comments], Status.REJECTED, by=moderator)
    assert (count, refused) == (3, [])


def test_an_answer_is_removed_below_one_that_counts_none(moderator):
    root = make_comment(status=Status.PUBLISHED)
    answer = make_comment(parent=root, status=Status.PUBLISHED)
    Comment.objects.filter(pk=root.pk).update(visible_replies=0)
    decide(as_it_is(answer), Status.REJECTED, by=moderator)
    assert as_it_is(root).visible_replies == 0
    assert as_it_is(root).listed


def test_a_guest_of_whom_none_is_counted_is_decided_again(moderator):
    comment = make_comment(reader=make_reader(email="guest@example.org"))
    decide(as_it_is(comment), Status.PUBLISHED, by=moderator)
    Commenter.objects.update(published_count=0)
    decide(as_it_is(comment), Status.REJECTED, by=moderator)
    assert Commenter.objects.values_list("published_count", "rejected_count").get() == (0, 1)


def test_a_decision_on_reports_that_were_not_counted_is_undone(moderator):
    comment, reporter = make_comment(status=Status.PUBLISHED), make_reader(email="reporter@example.org")
    flag(comment, reporter, why="abuse")
    decide_all([as_it_is(comment)], Status.REJECTED, by=moderator)
    Commenter.objects.update(flags_upheld=0)
    assert undo(last_batch(moderator), by=moderator).count == 1
    assert Commenter.objects.get(pk=reporter.commenter.pk).flags_upheld == 0


def test_a_like_that_was_not_counted_is_taken_back():
    comment, reader = make_comment(status=Status.PUBLISHED), make_reader()
    toggle_like(comment, reader)
    Comment.objects.update(likes=0)
    assert toggle_like(comment, reader) is False
    assert as_it_is(comment).likes == 0


# --- Counted again ----------------------------------------------------------------------------------------------------


def drift() -> dict[str, int]:
    return {name: wrong for name, wrong in recount(fix=False).items() if wrong}


def test_an_answer_gets_a_place_of_its_own_where_places_were_counted_wrong():
    root = make_comment(status=Status.PUBLISHED)
    first = make_comment(parent=root, status=Status.PUBLISHED)
    Comment.objects.filter(pk=root.pk).update(places=0)
    assert drift() == {"replies and places in threads": 1}
    recount(fix=True)
    second = make_comment(parent=root, status=Status.PUBLISHED)
    assert (as_it_is(first).place, as_it_is(second).place) == (1, 2)
    assert not drift()


@pytest.mark.parametrize("is_reported", [True, False])
def test_the_queue_of_reports_has_what_is_reported_and_nothing_else(is_reported):
    comment = make_comment(status=Status.PUBLISHED)
    if is_reported:
        flag(comment, make_reader(), why="abuse")
    Comment.objects.update(reported=not is_reported)
    assert drift() == {"whether there are open reports": 1}
    recount(fix=True)
    assert as_it_is(comment).reported is is_reported


def test_open_reports_are_counted():
    comment = make_comment(status=Status.PUBLISHED)
    flag(comment, make_reader(), why="abuse")
    Comment.objects.update(open_flags=4)
    recount(fix=True)
    assert as_it_is(comment).open_flags == Flag.objects.count() == 1


def while_it_is_mended(table: str, do) -> None:
    """Mend the counts, and in the moment before the first of `table` is written do something else on another connection."""
    works: list[threading.Thread] = []

    def run():
        try:
            do()
        finally:
            connection.close()

    def watch(execute, sql, params, many, context):
        if sql.startswith(f'UPDATE "{table}"') and not works:
            works.append(threading.Thread(target=run))
            works[0].start()
            works[0].join(timeout=1)  # it may have to wait for what is being mended
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        recount(fix=True)
    assert works
    works[0].join()


on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_like_that_comes_while_likes_are_counted_is_counted():
    comment = make_comment(status=Status.PUBLISHED)
    toggle_like(comment, make_reader())
    Comment.objects.update(likes=7)
    while_it_is_mended("comments_comment", lambda: toggle_like(as_it_is(comment), make_reader()))
    assert as_it_is(comment).likes == Like.objects.count() == 2


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_an_answer_that_goes_while_its_thread_is_counted_is_counted():
    root = make_comment(status=Status.PUBLISHED)
    answers = [make_comment(parent=root, status=Status.PUBLISHED) for _ in range(2)]
    Comment.objects.filter(pk=root.pk).update(visible_replies=7)
    while_it_is_mended("comments_comment", lambda: decide(as_it_is(answers[0]), Status.REJECTED, by=None))
    assert as_it_is(root).visible_replies == 1
    assert not drift()


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_what_is_published_while_stories_are_counted_is_counted():
    comments = [make_comment(status=Status.PUBLISHED)]
    comments.append(make_comment(article=comments[0].article))
    Article.objects.update(comment_count=7)
    while_it_is_mended("articles_article", lambda: decide(as_it_is(comments[1]), Status.PUBLISHED, by=None))
    assert Article.objects.get().comment_count == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_a_like_that_is_being_written_while_likes_are_counted_is_counted():
    comment = make_comment(status=Status.PUBLISHED)
    toggle_like(comment, make_reader())
    Comment.objects.update(likes=7)

    def mend():
        try:
            recount(fix=True)
        finally:
            connection.close()

    mending = threading.Thread(target=mend)
    with transaction.atomic():
        toggle_like(Comment.objects.get(pk=comment.pk), make_reader())
        mending.start()
        mending.join(timeout=2)
        assert mending.is_alive()
    mending.join()
    comment.refresh_from_db()
    assert comment.likes == Like.objects.count() == 2
