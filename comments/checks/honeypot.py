from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment

FIELD = "website"


def honeypot(comment: Comment, submission: Submission) -> Finding | None:
    """A field that people do not see: who fills it in is most likely a program, but a browser's autofill is not spam."""
    if submission.honeypot:
        return Finding(Verdict.HOLD, "honeypot", "A field that people do not see was filled in.")
    return None
