"""`decide()` is the only way to a status, each change leaves one row, and a moderator who comes second is told so."""

import pytest
from django.core.exceptions import PermissionDenied

from articles.tests.factories import make_article
from comments import checks
from comments.checks import Finding, Submission, Verdict
from comments.decide import DecisionRefused, decide, decide_all, last_batch, undo
from comments.models import Comment, Commenter, Decision, Flag, Status
from comments.privacy import forget_text
from comments.signals import comment_changed, comment_decided
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db

QUEUE = "/admin/comments/comment/"


@pytest.fixture
def desk(client, moderator):
    client.force_login(moderator)
    return client


def seen(comment: Comment) -> str:
    return f"{comment.pk}:{comment.revision}:{comment.status}"


def test_an_approved_comment_stands_under_its_story(client, moderator):
    comment = make_comment(body="Well said.")
    decide(comment, Status.PUBLISHED, by=moderator)
    assert "Well said." in client.get(comment.article.get_absolute_url()).content.decode()


@pytest.mark.parametrize("status", [Status.PENDING, Status.REJECTED, Status.SPAM])
def test_no_other_comment_is_seen_by_readers(client, status):
    comment = make_comment(status=status, body="Unseen.")
    page = client.get(comment.article.get_absolute_url()).content.decode()
    assert "Unseen." not in page
    assert "No comments yet." in page
    assert "Unseen." not in client.get(f"/comments/on/{comment.article.pk}/").content.decode()


def test_each_change_leaves_exactly_one_row(moderator):
    comment = make_comment()
    for status in (Status.PUBLISHED, Status.REJECTED, Status.SPAM, Status.PUBLISHED):
        decide(comment, status, by=moderator, reason="other", note="Because.")
    rows = list(comment.decisions.order_by("pk").values_list("from_status", "to_status", "made_by"))
    assert rows == [
        ("pending", "published", moderator.pk),
        ("published", "rejected", moderator.pk),
        ("rejected", "spam", moderator.pk),
        ("spam", "published", moderator.pk),
    ]


def test_of_two_moderators_the_second_is_told(moderator):
    comment = make_comment()
    mine, theirs = Comment.objects.get(pk=comment.pk), Comment.objects.get(pk=comment.pk)
    decide(theirs, Status.REJECTED, by=moderator)
    with pytest.raises(DecisionRefused, match="it is rejected now"):
        decide(mine, Status.PUBLISHED, by=moderator)
    assert Comment.objects.get().status == Status.REJECTED
    assert Decision.objects.count() == 1


def test_a_decision_on_a_text_that_has_changed_is_refused(moderator):
    comment = make_comment()
    Comment.objects.update(revision=2)
    with pytest.raises(DecisionRefused):
        decide(comment, Status.PUBLISHED, by=moderator)


def test_a_text_that_was_erased_is_not_published(moderator):
    comment = make_comment(status=Status.REJECTED)
    Comment.objects.update(body="")
    with pytest.raises(DecisionRefused, match="nothing left"):
        decide(Comment.objects.get(pk=comment.pk), Status.PUBLISHED, by=moderator)


def test_a_comment_deleted_by_its_author_stays_deleted(moderator):
    comment = make_comment()
    Comment.objects.update(status=Status.DELETED)
    with pytest.raises(DecisionRefused):
        decide(Comment.objects.get(), Status.PUBLISHED, by=moderator)
    with pytest.raises(DecisionRefused):
        decide(comment, Status.PUBLISHED, by=moderator)


@pytest.mark.parametrize("status", [Status.PENDING, Status.DELETED])
def test_a_moderator_cannot_decide_what_is_not_theirs(moderator, status):
    with pytest.raises(ValueError, match="not for a moderator"):
        decide(make_comment(), status, by=moderator)


def test_others_decide_nothing(reporter, editor, outsider):
    for person in (reporter, editor, outsider):
        with pytest.raises(PermissionDenied):
            decide(make_comment(), Status.PUBLISHED, by=person)
    assert not Decision.objects.exists()


def test_others_hear_of_a_decision_after_commit(django_capture_on_commit_callbacks):
    comment, heard = make_comment(), []

    def listen(comment, **kwargs):
        heard.append(comment.status)

    comment_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            decide(comment, Status.PUBLISHED, by=None)
            assert heard == []
    finally:
        comment_changed.disconnect(listen)
    assert heard == [Status.PUBLISHED]


def test_a_check_that_breaks_holds_and_loses_nothing():
    def broken(comment, submitted):
        raise ZeroDivisionError

    findings = checks.run(Comment(body="x"), Submission(), [broken])
    assert [finding.verdict for finding in findings] == [Verdict.HOLD]


def test_the_strictest_finding_stands_first():
    note, spam = (lambda comment, submitted, v=v: Finding(v, v.name, "") for v in (Verdict.NOTE, Verdict.SPAM))
    assert [f.verdict for f in checks.run(Comment(body="x"), Submission(), [note, spam])] == [
        Verdict.SPAM,
        Verdict.NOTE,
    ]


def test_many_links_are_pointed_out():
    comment = make_comment(body="http://a.example http://b.example http://c.example")
    assert "It has 3 links; 2 are allowed." in [finding["sentence"] for finding in comment.findings]


# --- The queue ---


def test_the_queue_opens_on_what_waits_oldest_first(desk):
    article = make_article()
    first, second = make_comment(article=article), make_comment(article=article)
    make_comment(article=article, status=Status.PUBLISHED, body="Done already.")
    page = desk.get(QUEUE).content.decode()
    assert page.index(first.body) < page.index(second.body)
    assert "Done already." not in page
    assert article.headline in page
    assert "nobody has confirmed" in page


def test_a_row_is_decided_with_one_button(desk):
    comment = make_comment()
    page = desk.post(QUEUE, {"_approve": seen(comment)}, follow=True).content.decode()
    assert Comment.objects.get().status == Status.PUBLISHED
    assert "Published: the comment by Ottilie." in page


def test_a_rejection_keeps_its_reason(desk):
    comment = make_comment()
    desk.post(
        f"{QUEUE}{comment.pk}/change/",
        {"_reject": seen(comment), f"reason-{comment.pk}": "libel", f"note-{comment.pk}": "Ask the lawyer."},
    )
    decision = Decision.objects.get()
    assert (decision.to_status, decision.reason, decision.note) == ("rejected", "libel", "Ask the lawyer.")


def test_many_are_decided_at_once_and_counted(desk):
    article = make_article()
    comments = [make_comment(article=article) for _ in range(3)]
    data = {"_bulk": "approve", "selected": [seen(comment) for comment in comments], "reason": ""}
    page = desk.post(QUEUE, data, follow=True).content.decode()
    assert "Published: 3 comments." in page
    assert Comment.objects.visible().count() == 3


def test_a_button_pressed_too_late_says_what_happened(desk):
    comment = make_comment()
    stale = seen(comment)
    decide(comment, Status.SPAM, by=None)
    page = desk.post(QUEUE, {"_approve": stale}, follow=True).content.decode()
    assert "has changed in the meantime" in page
    assert Comment.objects.get().status == Status.SPAM


@pytest.mark.parametrize(
    "value", ["", "x", "1", "1:2", "9999999:1:pending", "1:1:pending:x", "-1:1:pending", "١:1:pending"]
)
def test_a_forged_button_decides_nothing(desk, value):
    make_comment()
    assert desk.post(QUEUE, {"_approve": value}, follow=True).status_code == 200
    assert not Decision.objects.exists()


def test_markup_in_a_name_or_text_is_text_in_the_queue(desk):
    make_comment(name="<b>Bold</b>", body="<script>alert(1)</script>")
    page = desk.get(QUEUE).content.decode()
    assert "<b>Bold</b>" not in page
    assert "<script>alert(1)" not in page


# --- Undoing ---


def reported(comment: Comment, *, by: str = "reader@example.org") -> Flag:
    flagger = Commenter.objects.by_email(by)
    flag = Flag.objects.create(comment=comment, person=f"person {flagger.pk}", commenter=flagger, why=Flag.Why.ABUSE)
    Comment.objects.filter(pk=comment.pk).update(reported=True, open_flags=1)
    comment.refresh_from_db()
    return flag


def test_what_another_has_decided_again_since_is_not_undone(moderator, administrator):
    comment = make_comment()
    batch, *_ = decide_all([comment], Status.REJECTED, by=moderator)
    decide(comment, Status.PUBLISHED, by=administrator)
    decide(comment, Status.REJECTED, by=administrator)
    undone = undo(batch, by=moderator)
    assert undone.count == 0
    assert "it is rejected now, by administrator" in undone.refused[0]
    assert Comment.objects.get().status == Status.REJECTED


def test_reports_are_open_again_when_the_decision_on_them_is_undone(moderator):
    comment = make_comment(status=Status.PUBLISHED)
    flag = reported(comment)
    batch, *_ = decide_all([comment], Status.REJECTED, by=moderator)
    flag.commenter.refresh_from_db()
    assert flag.commenter.flags_upheld == 1
    undo(batch, by=moderator)
    comment, flag = Comment.objects.get(), Flag.objects.select_related("commenter").get()
    assert (comment.status, comment.reported, comment.open_flags) == (Status.PUBLISHED, True, 1)
    assert (flag.outcome, flag.commenter.flags_upheld) == (Flag.Outcome.OPEN, 0)


def test_undoing_gives_back_what_counted_before_and_nothing_more(moderator):
    reader = make_reader(email="trusted@example.org", approved=5)

    def standing():
        reader.commenter.refresh_from_db()
        return reader.commenter.published_count, reader.commenter.rejected_count

    def press(comment, *ways):
        for status in ways:
            batch, *_ = decide_all([Comment.objects.get(pk=comment.pk)], status, by=moderator)
            undo(batch, by=moderator)

    by_machine = make_comment(reader=reader)
    press(by_machine, Status.REJECTED, Status.SPAM)
    by_machine.refresh_from_db()
    assert (by_machine.status, by_machine.counted_as, by_machine.learned) == (Status.PUBLISHED, "", "")
    assert standing() == (5, 0)

    by_person = make_comment(reader=reader)
    decide(by_person, Status.REJECTED, by=moderator)
    decide(by_person, Status.PUBLISHED, by=moderator)
    press(by_person, Status.SPAM, Status.REJECTED)
    assert standing() == (6, 0)


@pytest.mark.django_db(transaction=True)
def test_undoing_unlearns(moderator):
    by_machine, by_person = (
        make_comment(reader=make_reader(email=f"trusted{n}@example.org", approved=5)) for n in range(2)
    )
    batch, *_ = decide_all([by_machine], Status.REJECTED, by=moderator)
    undo(batch, by=moderator)
    decide(by_person, Status.SPAM, by=moderator)
    batch, *_ = decide_all([by_person], Status.PUBLISHED, by=moderator)
    undo(batch, by=moderator)
    assert dict(Comment.objects.values_list("pk", "learned")) == {by_machine.pk: "", by_person.pk: "bad"}


@pytest.mark.django_db(transaction=True)
def test_who_fails_to_hear_of_a_decision_keeps_nobody_else_from_it(desk, caplog):
    heard = []

    def broken(comment, **kwargs):
        raise ZeroDivisionError

    def listen(comment, **kwargs):
        heard.append(comment.status)

    comment = make_comment()
    for receiver in (broken, listen):
        comment_decided.connect(receiver)
    try:
        page = desk.post(QUEUE, {"_approve": seen(comment)}, follow=True).content.decode()
    finally:
        for receiver in (broken, listen):
            comment_decided.disconnect(receiver)
    assert "Published: the comment by Ottilie." in page
    assert heard == [Status.PUBLISHED]
    assert "broken" in caplog.text


def test_a_press_that_came_to_nothing_does_not_stand_before_the_last_that_did(moderator):
    comment, stale = make_comment(), make_comment()
    batch, *_ = decide_all([comment], Status.REJECTED, by=moderator)
    Comment.objects.filter(pk=stale.pk).update(revision=2)
    _, count, refused = decide_all([stale], Status.REJECTED, by=moderator)
    assert (count, len(refused)) == (0, 1)
    assert last_batch(moderator) == batch


def test_an_edited_comment_is_refused_with_that_word(moderator):
    comment = make_comment()
    Comment.objects.update(revision=2)
    with pytest.raises(DecisionRefused, match="its author has edited it, and it is waiting now"):
        decide(comment, Status.PUBLISHED, by=moderator)


def test_a_text_that_was_forgotten_meanwhile_is_not_published(moderator):
    comment = make_comment(status=Status.REJECTED)
    looked_at = Comment.objects.get(pk=comment.pk)
    forget_text(Comment.objects.get(pk=comment.pk))
    with pytest.raises(DecisionRefused):
        decide(looked_at, Status.PUBLISHED, by=moderator)
