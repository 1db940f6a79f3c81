from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.models import Comment


def unconfirmed(comment: Comment, submitted: dict) -> Finding | None:
    """What a guest writes always waits: a typed address proves nothing, whoever it belongs to."""
    return Finding(Verdict.HOLD, "unconfirmed", "Written by a guest whose address nobody has confirmed.")
