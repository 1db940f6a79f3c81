from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment


def unconfirmed(comment: Comment, submission: Submission) -> Finding | None:
    """What an unconfirmed guest writes always waits: a typed address proves nothing, whoever it belongs to."""
    if comment.is_staff or comment.is_proved:
        return None
    return Finding(Verdict.HOLD, "unconfirmed", "Written by a guest whose address nobody has confirmed.")
