"""Take a comment in: screen it, store it once, and publish it or let it wait."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from articles.models import Article
from comments import checks
from comments.checks import Finding, Submission, Verdict
from comments.checks.rate import rate_in_turn
from comments.decide import DecisionRefused, admit
from comments.identity import Reader
from comments.keyed import keyed_hash
from comments.models import Comment, Commenter, Policy, Sanction, Status
from comments.models.comment import MAX_DEPTH, hash_of
from comments.notifications import ask_to_confirm

NOT_KNOWN = "You are not known in this browser any more. Press once more to send it as a new reader."


class PostRefused(ValidationError):
    """The comment is not taken, and why: for the reader, whose text is still in the form."""


class GuestGone(Exception):
    """Whose comment it was to be has been erased, or has ended what proves them, since they were looked up."""


def post(
    article: Article,
    reader: Reader,
    *,
    body: str,
    name: str = "",
    email: str = "",
    parent: Comment | None = None,
    wants_replies: bool = False,
    honeypot: str = "",
    form_made_at: datetime.datetime | None = None,
) -> Comment:
    """Store what a reader says under a story or in answer to a comment, and return it; sent twice, it is stored once.

    `name` and `email` are what was typed: staff need neither, a proved guest no address. Raises PostRefused.
    """
    comment = Comment(article=article, body=body, name=name, network=reader.network, browser=reader.browser)
    _sign(comment, reader, email)
    comment.wants_replies = wants_replies and comment.commenter is not None
    if parent:
        _hang_on(comment, parent)
    sanctions = Sanction.objects.against(
        comment.commenter, proved=reader.commenter, user_id=comment.author_id, network=comment.network
    )  # fmt: skip
    submission = Submission(
        rules=Policy.objects.rules_for(article), sanctions=list(sanctions), proved=reader.commenter,
        honeypot=honeypot, form_made_at=form_made_at,
    )  # fmt: skip
    findings = checks.run(comment, submission)
    comment.idempotency_key = key_of(comment)
    try:
        refuse_by(findings)
    except PostRefused:
        # The same press again is too fast, or too late, for nothing: it is stored.
        if before := _sent_before(comment, reader):
            return before
        raise
    comment.findings = [finding.as_json() for finding in findings]
    return _store(comment, status_by(findings), reader, submission)


def _store(comment: Comment, status: Status, reader: Reader, submission: Submission) -> Comment:
    """The comment, stored; or the one that the same press has stored before."""
    guest = comment.commenter
    while True:
        try:
            with transaction.atomic():
                if guest and not guest.pk:
                    comment.commenter = Commenter.objects.by_email(guest.email)
                admit(comment, status)
                if guest and guest.pk:
                    # After the thread: a decision takes them in this order.
                    _hold(guest, comment)
                if comment.commenter and not comment.is_proved:
                    ask_to_confirm(comment.commenter, comment)
                if too_fast := rate_in_turn(comment, submission):
                    refuse_by([too_fast])
            return comment
        except DecisionRefused as refusal:
            raise PostRefused(refusal.messages) from None
        except GuestGone:
            if guest is None or comment.is_proved:
                raise PostRefused(NOT_KNOWN) from None
            comment.pk = None
            comment.commenter = guest = Commenter.objects.known_by_email(guest.email)
        except IntegrityError:
            key = comment.idempotency_key
            if before := _sent_before(comment, reader):
                return before
            if comment.idempotency_key == key:
                raise


def _hold(guest: Commenter, comment: Comment) -> None:
    """Whoever erases this guest from here on erases this comment, too. Raises GuestGone for one who is no more as looked up."""
    is_same = {"token_version": guest.token_version} if comment.is_proved else {"email_hash": guest.email_hash}
    held = Commenter.objects.select_for_update(no_key=True).filter(pk=guest.pk, **is_same)
    if not held.values_list("pk", flat=True).first():
        raise GuestGone


def _sent_before(comment: Comment, reader: Reader) -> Comment | None:
    """What the same press has stored before; None where it is new, under a key that nothing has."""
    while before := Comment.objects.filter(idempotency_key=comment.idempotency_key).first():
        if reader.owns(before) or before.status_for_its_author == Status.PENDING:
            return before
        # Somebody else's in the same network, and decided: this one is not lost in it, and learns nothing of it.
        comment.idempotency_key = keyed_hash("press after", f"{comment.idempotency_key} {before.pk}")
    return None


def key_of(comment: Comment) -> str:
    """What a press has in common with itself, and with no other: who says which words in which place.

    Who, that is the account or the proved guest. A first comment comes without a cookie, so a stranger is who types the
    same name and address in the same network; two such people learn nothing of each other by sharing a comment that waits.
    """
    if comment.author_id:
        who = f"user {comment.author_id}"
    elif comment.is_proved:
        who = f"guest {comment.commenter_id}"
    else:
        assert comment.commenter is not None
        who = f"{comment.network or comment.browser}\0{comment.commenter.email}\0{comment.name}"
    place = f"{comment.article_id} {comment.answers_id or comment.parent_id}"
    return keyed_hash("press", f"{place}\0{hash_of(comment.body)}\0{who}")


def refuse_by(findings: list[Finding]) -> None:
    """Raise PostRefused with the sentences for the reader, where there are any."""
    if refusals := [finding.sentence for finding in findings if finding.verdict == Verdict.REFUSE]:
        raise PostRefused(refusals)


def status_by(findings: list[Finding]) -> Status:
    """The status that the strictest finding asks for."""
    match max((finding.verdict for finding in findings), default=Verdict.NOTE):
        case Verdict.NOTE:
            return Status.PUBLISHED
        case Verdict.HOLD:
            return Status.PENDING
        case Verdict.SPAM:
            return Status.SPAM
        case _:
            return Status.REJECTED


def _sign(comment: Comment, reader: Reader, email: str) -> None:
    """Whose comment it is. Proved is what the cookie says; who types another address speaks for that one, unproved."""
    if reader.user:
        comment.author, comment.name = reader.user, reader.name_at_the_desk
    elif reader.commenter and email in {"", reader.commenter.email}:
        comment.commenter, comment.is_proved = reader.commenter, True
    else:
        comment.commenter = Commenter.objects.known_by_email(email)


def _hang_on(comment: Comment, target: Comment) -> None:
    if target.article_id != comment.article_id:
        raise PostRefused("The comment that you answer stands under another story.")
    line = [*target.ancestors, target.pk]
    if len(line) >= MAX_DEPTH:
        line = line[: MAX_DEPTH - 1]
        comment.answers = target
    comment.ancestors, comment.depth = line, len(line)
    comment.root_id, comment.parent_id = line[0], line[-1]
