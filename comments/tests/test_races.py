"""Many at one thread at once: nobody waits in a ring, and what was decided in between counts."""

import contextlib
import random

import pytest

from articles.tests.factories import make_article
from comments.confirm import confirm_address
from comments.decide import DecisionRefused, decide, delete_own
from comments.edit import EditRefused, edit
from comments.models import Comment, Commenter, Status
from comments.post import PostRefused
from comments.privacy import FORMER_NAME, erase
from comments.reactions import ReactionRefused, flag
from comments.recount import recount
from comments.tests.at_once import at_once
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db(transaction=True)


def test_answering_changing_and_deciding_in_one_thread_never_wait_in_a_ring(moderator, administrator):
    article = make_article()
    staff = make_reader(user=administrator)
    root = make_comment(article=article, reader=staff)
    parents = [make_comment(parent=root, reader=make_reader(user=administrator), body=f"Parent {n}") for n in range(3)]

    def answer(number: int):
        chance, reader = random.Random(number), make_reader(user=administrator)
        for n in range(15):
            try:
                said = make_comment(parent=chance.choice([root, *parents]), reader=reader, body=f"Answer {number} {n}")
                edit(said, f"Better answer {number} {n}", reader)
                if n % 3 == 0:
                    delete_own(Comment.objects.get(pk=said.pk))
            except (PostRefused, EditRefused, DecisionRefused):
                pass

    def moderate(number: int):
        chance = random.Random(number)
        for _ in range(25):
            comment = Comment.objects.get(pk=chance.choice([root, *parents]).pk)
            with contextlib.suppress(DecisionRefused):
                decide(comment, Status.REJECTED if comment.is_visible else Status.PUBLISHED, by=moderator)

    wrong = at_once(*(lambda n=n: answer(n) for n in range(4)), *(lambda n=n: moderate(n) for n in range(2)))
    assert wrong == []
    assert not {name: drift for name, drift in recount(fix=False).items() if drift}


def test_two_guests_who_reported_each_other_are_decided_at_once(moderator):
    for _ in range(4):  # a fifth within a minute would be refused
        readers = [make_reader(email=f"guest{n}@example.org", approved=5) for n in range(2)]
        theirs = [make_comment(reader=reader, body=f"By {reader.browser_id}") for reader in readers]
        for comment, reader in zip(theirs, reversed(readers), strict=True):
            flag(comment, reader, why="abuse")
        theirs = [Comment.objects.get(pk=comment.pk) for comment in theirs]
        wrong = at_once(*(lambda c=comment: decide(c, Status.REJECTED, by=moderator) for comment in theirs))
        assert wrong == []
    assert set(Commenter.objects.values_list("flags_upheld", flat=True)) == {4}


def test_an_answer_to_what_was_rejected_while_it_was_screened_is_refused(monkeypatch):
    from comments import checks

    parent = make_comment(status=Status.PUBLISHED)

    def slowly(comment, submission):
        decide(Comment.objects.get(pk=parent.pk), Status.REJECTED, by=None)

    monkeypatch.setattr(checks, "CHECKS", [*checks.CHECKS, slowly])
    with pytest.raises(PostRefused, match="not there any more"):
        make_comment(parent=parent, reader=make_reader(email="trusted@example.org", approved=5))
    assert Comment.objects.get() == parent
    assert not Comment.objects.listed().exists()


def test_a_report_that_comes_after_the_decision_is_not_taken():
    comment = make_comment(status=Status.PUBLISHED)
    as_read = Comment.objects.get(pk=comment.pk)
    decide(comment, Status.REJECTED, by=None)
    with pytest.raises(ReactionRefused, match="not there"):
        flag(as_read, make_reader(), why="abuse")
    comment.refresh_from_db()
    assert (comment.reported, comment.open_flags, comment.flags.count()) == (False, 0, 0)


def once_while_it_is_screened(monkeypatch, do) -> None:
    from comments import checks

    waiting = [do]

    def slowly(comment, submission):
        while waiting:
            waiting.pop()()

    monkeypatch.setattr(checks, "CHECKS", [*checks.CHECKS, slowly])


def test_who_is_erased_while_they_post_leaves_nothing_under_their_name(monkeypatch):
    reader = make_reader(email="known@example.org", approved=5)
    once_while_it_is_screened(monkeypatch, lambda: erase(Commenter.objects.get(), keep_comments=False))
    with pytest.raises(PostRefused, match="not known"):
        make_comment(reader=reader, body="As if nothing had happened.")
    assert not Comment.objects.exists()


def test_who_types_an_address_that_is_erased_meanwhile_is_asked_to_confirm_it_anew(monkeypatch):
    first = make_comment(email="known@example.org").commenter
    once_while_it_is_screened(monkeypatch, lambda: erase(Commenter.objects.get(), keep_comments=False))
    comment = make_comment(email="known@example.org", body="I am somebody else.")
    assert comment.commenter.pk != first.pk
    assert Commenter.objects.get(email="known@example.org") == comment.commenter


def test_who_is_erased_while_they_confirm_stays_nobody(monkeypatch):
    reader = make_reader()
    comment = make_comment(reader=reader, email="known@example.org")
    decide(comment, Status.PUBLISHED, by=None)
    guest = Commenter.objects.get()
    once_while_it_is_screened(monkeypatch, lambda: erase(Commenter.objects.get(), keep_comments=True))
    assert confirm_address(guest, reader).commenter == guest
    comment.refresh_from_db()
    assert (comment.name, comment.is_proved, comment.idempotency_key) == (FORMER_NAME, False, None)


def test_a_link_that_is_pressed_while_its_guest_is_erased_confirms_nothing():
    reader = make_reader()
    as_found = Commenter.objects.by_email("known@example.org")
    erase(Commenter.objects.get(), keep_comments=True)
    confirm_address(as_found, reader)
    assert Commenter.objects.get().verified_at is None
