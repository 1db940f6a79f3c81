from __future__ import annotations

import datetime

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment
from comments.models.comment import hash_of

WITHIN = datetime.timedelta(hours=24)
#: So often the same words by anyone are a campaign, not a coincidence; shorter ones ("Well said!") are.
BURST, SHORT = 5, 40


def duplicate(comment: Comment, submission: Submission) -> Finding | None:
    """The same words again: by the same author elsewhere, or by many."""
    before = Comment.objects.filter(body_hash=hash_of(comment.body), created_at__gt=submission.now - WITHIN)
    if comment.pk:
        before = before.exclude(pk=comment.pk)
    found = list(before.values_list("commenter", "author", "browser")[:BURST])
    who = (comment.commenter_id, comment.author_id)
    if any((commenter, author) == who or browser == comment.browser for commenter, author, browser in found):
        return Finding(Verdict.HOLD, "duplicate", "The same author has said the same in the last 24 hours.")
    if len(found) >= BURST and len(comment.body) >= SHORT:
        return Finding(Verdict.HOLD, "duplicate", f"The same words were sent {BURST} times in the last 24 hours.")
    return None
