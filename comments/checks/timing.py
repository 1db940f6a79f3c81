from __future__ import annotations

import datetime

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment

FASTEST, SLOWEST = datetime.timedelta(seconds=3), datetime.timedelta(hours=24)


def timing(comment: Comment, submission: Submission) -> Finding | None:
    """People need some seconds, and rarely days. Forms that are the same for everyone carry no time, and are not judged."""
    if submission.form_made_at is None:
        return None
    taken = submission.now - submission.form_made_at
    if taken < FASTEST:
        return Finding(Verdict.HOLD, "timing", f"The form was filled in within {taken.total_seconds():.1f} seconds.")
    if taken > SLOWEST:
        return Finding(Verdict.HOLD, "timing", f"The form was {taken.days} days old.")
    return None
