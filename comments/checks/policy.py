from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment, Mode


def policy(comment: Comment, submission: Submission) -> Finding | None:
    """What site, section or story want a person to read first."""
    if comment.is_staff:
        return None
    rules = submission.rules
    if rules.mode == Mode.ALL:
        return Finding(Verdict.HOLD, "policy", "A moderator reads every comment on this story first.")
    if rules.mode == Mode.FIRST and comment.is_proved and comment.commenter:
        approved = comment.commenter.published_count
        if approved < rules.first_count:
            told = (
                f"A moderator reads the first {rules.first_count} comments of a guest; {approved} have been approved."
            )
            return Finding(Verdict.HOLD, "policy", told)
    return None
