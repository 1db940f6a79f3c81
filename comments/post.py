"""Take a comment in: screen it, store it once, and publish it or let it wait."""

from __future__ import annotations

import datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from articles.models import Article
from comments import checks
from comments.checks import Finding, Submission, Verdict
from comments.decide import admit
from comments.identity import Reader
from comments.models import Comment, Commenter, Policy, Sanction, Status
from comments.models.comment import MAX_DEPTH, hash_of
from comments.notifications import ask_to_confirm


class PostRefused(ValidationError):
    """The comment is not taken, and why: for the reader, whose text is still in the form."""


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
        commenter=comment.commenter, user_id=comment.author_id, network=comment.network
    )  # fmt: skip
    submission = Submission(
        rules=Policy.objects.rules_for(article), sanctions=list(sanctions), honeypot=honeypot, form_made_at=form_made_at
    )
    findings = checks.run(comment, submission)
    refuse_by(findings)
    comment.findings = [finding.as_json() for finding in findings]
    try:
        with transaction.atomic():
            admit(comment, status_by(findings))
            if comment.commenter and not comment.is_proved:
                transaction.on_commit(partial(ask_to_confirm, comment.commenter, comment))
    except IntegrityError:
        said = {"commenter": comment.commenter, "author": comment.author, "body_hash": hash_of(body)}
        if (again := Comment.objects.filter(article=article, **said).first()) is None:
            raise
        return again
    return comment


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
        comment.author, comment.name = reader.user, reader.user.get_full_name() or reader.user.get_username()
    elif reader.commenter and email in {"", reader.commenter.email}:
        comment.commenter, comment.is_proved = reader.commenter, True
    else:
        comment.commenter = Commenter.objects.by_email(email)


def _hang_on(comment: Comment, target: Comment) -> None:
    if not target.is_visible or target.article_id != comment.article_id:
        raise PostRefused("The comment that you answer is not there any more. You can still say it as a new comment.")
    line = [*target.ancestors, target.pk]
    if len(line) >= MAX_DEPTH:
        line = line[: MAX_DEPTH - 1]
        comment.answers = target
    comment.ancestors, comment.depth = line, len(line)
    comment.root_id, comment.parent_id = line[0], line[-1]
