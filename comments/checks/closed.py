from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment


def closed(comment: Comment, submission: Submission) -> Finding | None:
    """Under a story that takes no more. An answer of the staff is taken; corrections of a text that is there, too."""
    if comment.is_staff or submission.is_edit:
        return None
    if submission.rules.is_closed(comment.article):
        return Finding(Verdict.REFUSE, "closed", "The comments on this story are closed.")
    if not (submission.rules.guests_allowed or comment.is_proved):
        return Finding(
            Verdict.REFUSE, "closed", "Only readers who have confirmed their e-mail address can comment on this story."
        )
    return None
