from __future__ import annotations

import datetime

from django.db.models import Count, Q

from articles.clocks import lately
from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment, Status

ENOUGH, TOO_MANY = 3, 0.3
WITHIN = datetime.timedelta(days=90)


def standing(comment: Comment, submission: Submission) -> Finding | None:
    """A guest much of whose recent writing was turned away is read first, however much was published before."""
    guest = comment.commenter
    if guest is None or not comment.is_proved or guest.rejected_count < ENOUGH:
        return None
    recent = guest.comments.filter(lately("created_at", WITHIN, submission.now)).exclude(counted_as="")
    counts = recent.aggregate(decided=Count("pk"), rejected=Count("pk", filter=Q(counted_as=Status.REJECTED)))
    decided, rejected = counts["decided"], counts["rejected"]
    if rejected < ENOUGH or rejected / decided < TOO_MANY:
        return None
    told = f"{rejected} of this guest's {decided} comments of the last {WITHIN.days} days were turned away."
    return Finding(Verdict.HOLD, "standing", told)
