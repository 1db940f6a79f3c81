"""Changing one's own text: for a short time, until somebody answers, screened like new, never to end softer than it was."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles.caching import editions
from comments import checks, thread
from comments.checks import Finding, Submission, Verdict
from comments.checks.akismet import waits_for_akismet_alone
from comments.classifier import learn
from comments.decide import decide, hold, tell
from comments.identity import Reader
from comments.models import Comment, Policy, Sanction, Status
from comments.models.status import TURNED_AWAY
from comments.post import PostRefused, key_of, refuse_by, status_by

EDITABLE_FOR = datetime.timedelta(minutes=10)
#: Who looks at a comment in the queue sees every text that it had.
MOST_EDITS = 20
TOO_LATE = (
    f"It can no longer be changed. A comment can be changed for {EDITABLE_FOR // datetime.timedelta(minutes=1)} minutes, "
    f"{MOST_EDITS} times at most, and until somebody answers."
)
#: As its author is told: what a machine has turned away seems to wait.
EDITABLE = (Status.PENDING, Status.PUBLISHED)
#: Kept with the new text, so that nothing else publishes what a person was to read.
WAITED = Finding(Verdict.HOLD, "edited", "It waited for a moderator before its author changed it.")


class EditRefused(ValidationError):
    """The text stays as it was, and why: for its author, whose words are still in the form."""


def may_edit(comment: Comment, reader: Reader) -> bool:
    """Whether this reader can change it now: proved to be its author, in time, unanswered, and not turned away."""
    return (
        (comment.is_proved or comment.is_staff)
        and reader.owns(comment)
        and comment.status_for_its_author in EDITABLE
        and comment.revision <= MOST_EDITS
        and not comment.visible_replies
        and timezone.now() - comment.created_at < EDITABLE_FOR
    )


def edit(comment: Comment, body: str, reader: Reader) -> Comment:
    """Replace the text and keep the old one. `comment` is what its author looked at; raises EditRefused.

    What the checks would hold goes back to the moderators; what waits or was read by one is never published by this.
    """
    if not may_edit(comment, reader):
        raise EditRefused(TOO_LATE)
    if body == comment.body:
        return comment
    before, comment.body = comment.body, body
    sanctions = Sanction.objects.against(
        comment.commenter, proved=reader.commenter, user_id=comment.author_id, network=reader.network
    )  # fmt: skip
    rules = Policy.objects.rules_for(comment.article)
    waited = comment.status == Status.PENDING and not waits_for_akismet_alone(comment)
    submission = Submission(rules=rules, sanctions=list(sanctions), proved=reader.commenter, is_edit=True)
    findings = checks.run_again(comment, submission, *([WAITED] if waited else []))
    try:
        refuse_by(findings)
    except PostRefused as refusal:
        comment.body = before
        raise EditRefused(refusal.messages) from None
    status = status_by(findings)
    try:
        seen = [editions.of_story(comment.article_id)] if comment.is_visible or comment.listed else []
        with transaction.atomic(), editions.touching(*seen):
            thread.lock(comment)
            _replace(comment, before, findings)
            if comment.status in TURNED_AWAY:
                pass  # a moderator may look at it; by itself it comes back never
            elif status in TURNED_AWAY:
                decide(comment, status, by=None, note="Edited.")
            elif status == Status.PENDING and comment.is_visible:
                hold(comment, note="Edited.")
            tell(comment)
            if comment.learned:
                # What was learned was the old text; the new one is yet to be decided. Words come after the story's row, as
                # where they are forgotten.
                learn(Comment(pk=comment.pk, body=before), "")
    except IntegrityError:
        comment.body = before
        raise EditRefused("You have said the same under this story already.") from None
    return comment


def _replace(comment: Comment, before: str, findings: list[checks.Finding]) -> None:
    now = timezone.now()
    comment.derive()
    unchanged = Comment.objects.filter(
        pk=comment.pk, revision=comment.revision, status=comment.status, visible_replies=0
    )  # fmt: skip
    changes = {
        "body": comment.body,
        "body_html": comment.body_html,
        "body_hash": comment.body_hash,
        "idempotency_key": key_of(comment),
        "findings": [finding.as_json() for finding in findings],
        "score": comment.score,
        "revision": comment.revision + 1,
        "edited_at": now,
        # Whoever read it, or picked it out, has read another text.
        "reviewed_at": None,
        "picked_at": None,
    }
    if not unchanged.update(**changes):
        raise EditRefused("It has been answered, decided or changed in the meantime. What you typed is still here.")
    comment.revisions.create(number=comment.revision, body=before, replaced_at=now)
    for name, value in changes.items():
        setattr(comment, name, value)
