from __future__ import annotations

import datetime

from django.db.models import Q

from articles.clocks import lately
from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment
from comments.models.comment import hash_of_words

WITHIN = datetime.timedelta(hours=24)
#: So often the same words by anyone are a campaign, not a coincidence; shorter ones ("Well said!") are.
BURST, SHORT = 5, 40


def duplicate(comment: Comment, submission: Submission) -> Finding | None:
    """The same words again: by the same author elsewhere, or by many."""
    before = Comment.objects.filter(lately("created_at", WITHIN, submission.now), body_hash=hash_of_words(comment.body))
    if comment.pk:
        before = before.exclude(pk=comment.pk)
    # Asked apart: among many who say the same, the author's own may be any.
    who = Q(commenter=comment.commenter_id, author=comment.author_id)
    if before.filter(who | Q(browser=comment.browser)).exists():
        return Finding(Verdict.HOLD, "duplicate", "The same author has said the same in the last 24 hours.")
    if len(comment.body) >= SHORT and before[:BURST].count() >= BURST:
        return Finding(Verdict.HOLD, "duplicate", f"The same words were sent {BURST} times in the last 24 hours.")
    return None
