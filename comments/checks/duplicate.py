from __future__ import annotations

import datetime

from django.db.models import Case, Q, When

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
    who = Q(commenter=comment.commenter_id, author=comment.author_id) | Q(browser=comment.browser)
    # One's own first: of what many have said only so much is looked at.
    told_apart = before.annotate(is_own=Case(When(who, then=True), default=False)).order_by("-is_own")
    are_own = list(told_apart.values_list("is_own", flat=True)[:BURST])
    if any(are_own):
        return Finding(Verdict.HOLD, "duplicate", "The same author has said the same in the last 24 hours.")
    if len(are_own) >= BURST and len(comment.body) >= SHORT:
        return Finding(Verdict.HOLD, "duplicate", f"The same words were sent {BURST} times in the last 24 hours.")
    return None
