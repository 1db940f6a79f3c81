from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment, Term
from comments.terms import matcher


def terms(comment: Comment, submission: Submission) -> Finding | None:
    """Words and phrases that the newsroom wants to see first, or not at all."""
    found = matcher().found_in(f"{comment.name}\n{comment.body}")
    if comment.is_staff or not found:
        return None
    verdict = Verdict.REJECT if any(term.action == Term.Action.REJECT for term in found) else Verdict.HOLD
    named = ", ".join(f"“{term.phrase}”" + (f" ({term.note})" if term.note else "") for term in found)
    return Finding(verdict, "terms", f"From the list of terms: {named}.")
