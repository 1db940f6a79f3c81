from __future__ import annotations

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment, Sanction


def sanctioned(comment: Comment, submission: Submission) -> Finding | None:
    """What a moderator has laid on this guest, account, network or mail domain.

    Only who is proved to be the one, or sits in the network, is told: a typed address must not tell strangers anything.
    Who is proved to be one guest and types the address of another is both.
    """
    strictest: Finding | None = None
    for sanction in submission.sanctions:
        finding = _finding(submission, sanction)
        if strictest is None or finding.verdict > strictest.verdict:
            strictest = finding
    return strictest


def _finding(submission: Submission, sanction: Sanction) -> Finding:
    # Not of whom: who may read comments may not all know guests.
    said = f"{sanction.get_measure_display()}: {sanction.reason}"
    if sanction.silences:
        is_sure = sanction.network or sanction.user_id or (submission.proved and sanction.hits(submission.proved))
        if is_sure:
            return Finding(Verdict.REFUSE, "sanctioned", sanction.refusal_to("comment here"))
        return Finding(Verdict.REJECT, "sanctioned", said)
    if sanction.measure == Sanction.Measure.PRE_MODERATE:
        return Finding(Verdict.HOLD, "sanctioned", said)
    return Finding(Verdict.NOTE, "sanctioned", said)
