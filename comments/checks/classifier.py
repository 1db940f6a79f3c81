from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.classifier import score
from comments.models import Comment

SUSPICIOUS = 0.8


def classifier(comment: Comment, submission: Submission) -> Finding | None:
    """How like it is to what was turned away before. It can make a person look, and nothing else."""
    if comment.is_staff or (found := score(comment.body)) is None:
        return None
    comment.score = round(found.value, 3)
    if found.value < SUSPICIOUS:
        return None
    words = f", most of all by: {', '.join(found.towards)}" if found.towards else ""
    return Finding(Verdict.HOLD, "classifier", f"It is {found.value:.0%} like what was turned away before{words}.")
