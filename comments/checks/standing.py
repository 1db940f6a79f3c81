from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment

ENOUGH, TOO_MANY = 3, 0.3


def standing(comment: Comment, submission: Submission) -> Finding | None:
    """A guest much of whose writing was turned away is read first, however much was published before."""
    guest = comment.commenter
    if guest is None or not comment.is_proved:
        return None
    decided = guest.published_count + guest.rejected_count
    if guest.rejected_count >= ENOUGH and guest.rejected_count / decided >= TOO_MANY:
        return Finding(
            Verdict.HOLD, "standing", f"{guest.rejected_count} of this guest's {decided} comments were turned away."
        )
    return None
