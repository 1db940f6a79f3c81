from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment, Sanction


def sanctioned(comment: Comment, submission: Submission) -> Finding | None:
    """What a moderator has laid on this guest, account, network or mail domain.

    Only who is proved to be the one, or sits in the network, is told: a typed address must not tell strangers anything.
    """
    strictest: Finding | None = None
    for sanction in submission.sanctions:
        finding = _finding(comment, sanction)
        if strictest is None or finding.verdict > strictest.verdict:
            strictest = finding
    return strictest


def _finding(comment: Comment, sanction: Sanction) -> Finding:
    said = f"{sanction.get_measure_display()} ({sanction.target}): {sanction.reason}"
    if sanction.silences:
        if comment.is_proved or comment.is_staff or sanction.network:
            until = f" until {sanction.until:%-d %B %Y}" if sanction.until else ""
            return Finding(Verdict.REFUSE, "sanctioned", f"You cannot comment here{until}: {sanction.reason}")
        return Finding(Verdict.REJECT, "sanctioned", said)
    if sanction.measure == Sanction.Measure.PRE_MODERATE:
        return Finding(Verdict.HOLD, "sanctioned", said)
    return Finding(Verdict.NOTE, "sanctioned", said)
