from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.models import Comment

FIELD = "website"


def honeypot(comment: Comment, submitted: dict) -> Finding | None:
    """A field that people do not see: who fills it in is most likely a program, but a browser's autofill is not spam."""
    if submitted.get(FIELD):
        return Finding(Verdict.HOLD, "honeypot", "A field that people do not see was filled in.")
    return None
