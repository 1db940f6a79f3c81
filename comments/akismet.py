"""Ask Akismet what it thinks of a comment, in the background, where the newsroom has a key for it.

It gets the text, the name and the address of the story; not the e-mail, and not the network address, which we do not
keep. Its answer holds for the text that it was asked about, and for nothing that a person has decided.
https://akismet.com/developers/detailed-docs/comment-check/
"""

from __future__ import annotations

import logging
from http.client import HTTPException

from django.conf import settings
from django.db import transaction
from django_tasks import task

from articles.caching import editions
from articles.http.attempts import try_again
from articles.http.outbound import post
from comments import thread
from comments.checks import Finding, Submission, Verdict, run_again
from comments.checks.akismet import AWAITED
from comments.decide import DecisionRefused, awaits_a_person, decide
from comments.models import Comment, Policy, Sanction, Status

logger = logging.getLogger(__name__)

TIMEOUT = 5
#: Akismet insists on an address. We keep none, and say so by the one that is nobody's.
NO_ADDRESS = "127.0.0.1"


class Unreachable(Exception):
    """There is no answer that can be understood."""


def note(comment: Comment) -> None:
    """Have Akismet asked about what waits for it: part of the transaction that has let it wait."""
    if settings.AKISMET_KEY and _awaits(comment):
        ask.enqueue(comment.pk, comment.revision)


@task
def ask(comment: int, revision: int, attempt: int = 1) -> None:
    """Write Akismet's finding down and act upon it; try again later when there is no answer."""
    asked = Comment.objects.select_related("article", "commenter").filter(pk=comment, revision=revision).first()
    if asked is None or not _awaits(asked):
        return
    try:
        spam = is_spam(asked)
    except Unreachable:
        if try_again(ask, comment, revision, attempt=attempt):
            _put_down(asked, Finding(Verdict.HOLD, AWAITED, "Akismet cannot be reached; it is asked again."))
        else:
            sentence = "Akismet could not be reached for a day: please decide without it."
            _put_down(asked, Finding(Verdict.HOLD, "akismet_unreached", sentence))
        return
    finding = Finding(Verdict.SPAM, "akismet_spam", "Akismet takes it for spam.") if spam else None
    try:
        with transaction.atomic():
            thread.lock(asked)
            if not _put_down(asked, finding):
                return
            if spam:
                decide(asked, Status.SPAM, by=None)
            elif _nothing_else_holds(asked) and not _held_by_now(asked):
                decide(asked, Status.PUBLISHED, by=None)
    except DecisionRefused:
        return  # somebody was quicker


def is_spam(comment: Comment) -> bool:
    """One question, one answer. Raises Unreachable."""
    data = {
        "api_key": settings.AKISMET_KEY,
        "blog": settings.SITE_URL,
        "blog_charset": "UTF-8",
        "user_ip": NO_ADDRESS,
        "permalink": settings.SITE_URL + comment.article.get_absolute_url(),
        "comment_type": "reply" if comment.parent_id else "comment",
        "comment_author": comment.name,
        "comment_content": comment.body,
        "comment_date_gmt": comment.created_at.isoformat(),
    }
    try:
        answer = post(f"{settings.AKISMET_URL}/1.1/comment-check", data, timeout=TIMEOUT).strip()
    except (OSError, HTTPException) as failure:
        logger.warning("Akismet cannot be reached (%s).", type(failure).__name__)
        raise Unreachable from None
    if answer not in {b"true", b"false"}:
        logger.warning("Akismet's answer cannot be understood; is AKISMET_KEY right?")
        raise Unreachable
    return answer == b"true"


def _awaits(comment: Comment) -> bool:
    return comment.status == Status.PENDING and any(finding["check"] == AWAITED for finding in comment.findings)


def _put_down(comment: Comment, finding: Finding | None) -> bool:
    """Put this finding in the place of the awaited one, unless the comment has moved on. Returns whether it has not."""
    findings = [other for other in comment.findings if other["check"] != AWAITED]
    if finding:
        # The strictest stands first.
        findings.insert(0 if finding.verdict == Verdict.SPAM else len(findings), finding.as_json())
    as_asked = Comment.objects.filter(
        pk=comment.pk, revision=comment.revision, status=Status.PENDING, findings=comment.findings
    )
    comment.findings = findings
    with editions.touching():
        return bool(as_asked.update(findings=findings))


def _nothing_else_holds(comment: Comment) -> bool:
    return not any(Finding.from_json(said).holds for said in comment.findings) and not awaits_a_person(comment)


def _held_by_now(comment: Comment) -> bool:
    """Whether it would not be published if it came now: somebody may have been banned, or all be read, while Akismet was asked.

    Then it says so to the moderators.
    """
    proved = comment.commenter if comment.is_proved else None
    sanctions = Sanction.objects.against(
        comment.commenter, proved=proved, user_id=comment.author_id, network=comment.network
    )  # fmt: skip
    rules = Policy.objects.rules_for(comment.article)
    submission = Submission(rules=rules, sanctions=list(sanctions), proved=proved, is_edit=True)
    found = [finding for finding in run_again(comment, submission) if finding.check != AWAITED]
    if not any(finding.holds for finding in found):
        return False
    comment.findings = [finding.as_json() for finding in found]
    with editions.touching():
        Comment.objects.filter(pk=comment.pk).update(findings=comment.findings)
    return True
