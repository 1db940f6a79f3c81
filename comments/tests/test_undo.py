"""A press is undone whole, also when undoing it was broken off, and by who has pressed it alone."""

import pytest
from django.db import OperationalError

from comments import decide as deciding
from comments.decide import decide, decide_all, last_batch, undo
from comments.models import Batch, Comment, Status
from comments.tests.at_once import at_once
from comments.tests.factories import make_comment

pytestmark = pytest.mark.django_db


def rejected(moderator, count: int = 3) -> Batch:
    """So many published comments, rejected with one press."""
    comments = [make_comment(status=Status.PUBLISHED) for _ in range(count)]
    batch, *_ = decide_all([Comment.objects.get(pk=comment.pk) for comment in comments], Status.REJECTED, by=moderator)
    return batch


def statuses() -> list[str]:
    return list(Comment.objects.order_by("pk").values_list("status", flat=True))


def break_off(monkeypatch, batch: Batch, moderator, *, after: int) -> None:
    """Undo so many comments; then the database is away."""
    real, done = deciding._move, []

    def move(*args, **kwargs):
        if len(done) == after:
            raise OperationalError("server closed the connection unexpectedly")
        done.append(args)
        return real(*args, **kwargs)

    with monkeypatch.context() as broken, pytest.raises(OperationalError):
        broken.setattr(deciding, "_move", move)
        undo(batch, by=moderator)


def test_what_was_broken_off_is_undone_by_pressing_again(moderator, monkeypatch):
    batch = rejected(moderator)
    break_off(monkeypatch, batch, moderator, after=1)
    assert last_batch(moderator) == batch
    again = undo(batch, by=moderator)
    assert (again.count, again.refused) == (2, [])
    assert statuses() == [Status.PUBLISHED] * 3
    assert last_batch(moderator) is None


def test_what_was_broken_off_at_the_very_end_has_been_undone(moderator, monkeypatch):
    batch = rejected(moderator)
    undo(batch, by=moderator)
    Batch.objects.update(undone_at=None)
    assert undo(batch, by=moderator).refused == ["This has been undone already."]
    assert last_batch(moderator) is None


def test_what_was_decided_since_it_was_broken_off_stands(moderator, administrator, monkeypatch):
    batch = rejected(moderator)
    break_off(monkeypatch, batch, moderator, after=1)
    first, _, last = Comment.objects.order_by("pk")
    decide(first, Status.REJECTED, by=administrator)
    decide(last, Status.SPAM, by=administrator)
    again = undo(batch, by=moderator)
    assert again.count == 1
    assert len(again.refused) == 1
    assert "by administrator" in again.refused[0]
    assert statuses() == [Status.REJECTED, Status.PUBLISHED, Status.SPAM]


@pytest.mark.django_db(transaction=True)
def test_two_presses_in_one_moment_undo_it_once(moderator):
    batch, undone = rejected(moderator), []
    wrong = at_once(*[lambda: undone.append(undo(Batch.objects.get(pk=batch.pk), by=moderator))] * 2)
    assert wrong == []
    assert sum(one.count for one in undone) == 3
    assert {sentence for one in undone for sentence in one.refused} <= {"This has been undone already."}
    assert statuses() == [Status.PUBLISHED] * 3
    assert [comment.decisions.filter(is_undo=True).count() for comment in Comment.objects.all()] == [1] * 3


def test_nobody_undoes_what_another_has_pressed(moderator, administrator):
    batch = rejected(moderator)
    assert undo(batch, by=administrator).count == 0
    assert statuses() == [Status.REJECTED] * 3
    assert undo(batch, by=moderator).count == 3
