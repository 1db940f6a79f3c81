"""A stored count that is wrong keeps nobody from moderating."""

import pytest

from articles.models import Article
from comments.decide import decide, decide_all, last_batch, undo
from comments.models import Comment, Commenter, Status
from comments.reactions import flag, toggle_like
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
