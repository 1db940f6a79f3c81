"""What has happened meanwhile stands, and nobody answers for what others have done."""

import pytest
from django.db import OperationalError

from articles.tests.factories import make_article
from comments import akismet, notifications
from comments.akismet import ask
from comments.checks import Finding, Verdict
from comments.checks.akismet import AWAITED
from comments.decide import DecisionRefused, confirm, decide
from comments.edit import edit
from comments.identity import COOKIE
from comments.models import Comment, Commenter, Flag, Status
from comments.privacy import erase
from comments.reactions import flag
from comments.sanctions import reject_all_by_author_of, written_by_author_of
from comments.tests.browsers import browser, post, trusted
from comments.tests.factories import make_comment, make_reader
from comments.tests.letters import do_jobs, make_proved, make_reply

pytestmark = pytest.mark.django_db


def as_it_is(comment: Comment) -> Comment:
    return Comment.objects.get(pk=comment.pk)


# --- Moderating -------------------------------------------------------------------------------------------------------


def test_clearing_away_a_guests_comments_leaves_what_a_stranger_wrote_under_their_address(moderator):
    reader = make_reader(email="guest@example.org", approved=5)
    theirs = [make_comment(reader=reader) for _ in range(2)]
    strangers = make_comment(email="guest@example.org")
    assert strangers.commenter_id == reader.commenter.pk
    assert set(written_by_author_of(theirs[0])) == set(theirs)
    reject_all_by_author_of(theirs[0], by=moderator, reason="abuse")
    assert as_it_is(strangers).status == Status.PENDING


def test_what_was_rejected_meanwhile_is_not_let_stand(moderator, administrator):
    comment = make_comment(status=Status.PUBLISHED)
    as_read = as_it_is(comment)
    decide(as_it_is(comment), Status.REJECTED, by=administrator)
    with pytest.raises(DecisionRefused, match="it is rejected now, by administrator"):
        confirm(as_read, by=moderator)
    assert comment.decisions.filter(made_by=moderator).count() == 0


def test_rejecting_finds_the_reports_right_that_nobody_has_seen_yet(moderator):
    comment = make_comment(status=Status.PUBLISHED)
    flag(comment, make_reader(email="early@example.org"), why="abuse")
    as_read = as_it_is(comment)
    as_read.newest_report_seen = comment.flags.get().pk
    late = make_reader(email="late@example.org")
    flag(comment, late, why="abuse")
    decide(as_read, Status.REJECTED, by=moderator)
    assert set(comment.flags.values_list("outcome", flat=True)) == {Flag.Outcome.UPHELD}
    assert Commenter.objects.get(pk=late.commenter.pk).flags_upheld == 1
    assert (as_it_is(comment).reported, as_it_is(comment).open_flags) == (False, 0)


def test_reports_hide_nothing_that_the_newsroom_says(moderator):
    comment = make_comment(reader=make_reader(user=moderator))
    for number in range(4):
        flag(comment, make_reader(email=f"angry{number}@example.org"), why="abuse")
    assert as_it_is(comment).status == Status.PUBLISHED
    assert as_it_is(comment).open_flags == 4


# --- Readers ----------------------------------------------------------------------------------------------------------


def test_a_copy_of_an_ended_cookie_is_not_its_browser_either():
    article = make_article()
    owner, thief = trusted(article), browser()
    post(owner, article, email="another@example.org", body="Said as a stranger.")
    assert not Comment.objects.get().is_proved
    thief.cookies[COOKIE] = owner.cookies[COOKIE].value
    assert "Said as a stranger." in thief.get("/comments/yours/").content.decode()
    Commenter.objects.get(email="ottilie@example.org").forget_browsers()
    assert "Said as a stranger." not in thief.get("/comments/yours/").content.decode()


def test_changing_ones_text_is_not_writing_another():
    reader = make_reader(email="guest@example.org", approved=5)
    comments = [make_comment(reader=reader) for _ in range(4)]  # as many as anyone may send in a minute
    for number, comment in enumerate(comments):
        edit(as_it_is(comment), f"Said better, {number}.", reader)
    assert set(Comment.objects.values_list("revision", "status")) == {(2, Status.PUBLISHED)}


# --- Letters ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_no_link_goes_to_who_was_erased_meanwhile(sink):
    comment = make_comment(email="private@example.org")
    do_jobs()
    sent = len(sink.letters)
    Commenter.objects.update(link_sent_at=None, links_sent=0)
    as_found = Commenter.objects.get()
    erase(Commenter.objects.get(), keep_comments=True)
    notifications.ask_to_confirm(as_found, comment)
    do_jobs()
    guest = Commenter.objects.get()
    assert (guest.email, guest.link_sent_at) == ("", None)
    assert len(sink.letters) == sent


@pytest.mark.django_db(transaction=True)
def test_a_notice_that_cannot_be_tried_again_stays_claimed(mail, monkeypatch):
    answered = make_proved(status=Status.PUBLISHED)
    reply = make_reply(to=answered)
    decide(reply, Status.PUBLISHED, by=None)

    def broken(*args, **kwargs):
        raise OperationalError("the database is away")

    with monkeypatch.context() as away, pytest.raises(OperationalError):
        away.setattr(notifications, "try_again", broken)
        notifications.send_reply_notice.func(reply.pk)
    # Freed without an attempt that is to come, whatever else wakes it would send a second one.
    assert as_it_is(reply).notified_at is not None


# --- Akismet ----------------------------------------------------------------------------------------------------------


def test_what_was_found_while_akismet_was_asked_is_kept(settings, monkeypatch):
    settings.AKISMET_KEY = "a-key"
    awaited = Finding(Verdict.HOLD, AWAITED, "Waiting for Akismet.").as_json()
    found = Finding(Verdict.HOLD, "links", "It has 9 links; 2 are allowed.").as_json()
    comment = make_comment(reader=make_reader(email="guest@example.org", approved=5))
    Comment.objects.update(findings=[awaited])

    def is_spam(asked: Comment) -> bool:
        Comment.objects.update(findings=[found, awaited])
        return False

    monkeypatch.setattr(akismet, "is_spam", is_spam)
    ask.func(comment.pk, comment.revision)
    assert as_it_is(comment).findings == [found, awaited]
    assert as_it_is(comment).status == Status.PENDING
