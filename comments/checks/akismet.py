from __future__ import annotations

from django.conf import settings

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment

#: The name of the finding while the answer is awaited.
AWAITED = "akismet"


def akismet(comment: Comment, submission: Submission) -> Finding | None:
    """Nothing is asked while somebody is posting: the comment waits, and `comments.akismet` asks after the answer."""
    if not settings.AKISMET_KEY or comment.is_staff:
        return None
    return Finding(Verdict.HOLD, AWAITED, "Waiting for Akismet.")


def waits_for_akismet_alone(comment: Comment) -> bool:
    """Whether its answer is all that keeps a waiting comment from being published."""
    holding = [said["check"] for said in comment.findings if Finding.from_json(said).holds]
    return holding == [AWAITED]
