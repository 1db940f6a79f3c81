from __future__ import annotations

import datetime

from django.db.models import Q

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment

HOUR = datetime.timedelta(hours=1)
#: (within, by one guest or browser, from one network): an office or a school is one network, and may talk.
LIMITS = [(datetime.timedelta(minutes=1), 4, 15), (HOUR, 30, 120)]


def rate(comment: Comment, submission: Submission) -> Finding | None:
    """Nobody writes that fast. Counted over what proves itself: a typed address could silence its owner."""
    if comment.is_staff or submission.is_edit:
        return None
    mine = Q(browser=comment.browser)
    if comment.is_proved:
        mine |= Q(commenter=comment.commenter)
    for count_of, who in ((1, mine), (2, Q(network=comment.network))):
        if who == Q(network=""):
            continue
        most = LIMITS[-1][count_of]
        sent = Comment.objects.filter(who, created_at__gt=submission.now - HOUR)
        times = list(sent.order_by("-created_at").values_list("created_at", flat=True)[:most])
        for limit in LIMITS:
            within, allowed = limit[0], limit[count_of]
            if sum(time > submission.now - within for time in times) >= allowed:
                wait = "a minute" if within < HOUR else "an hour"
                return Finding(
                    Verdict.REFUSE, "rate", f"That was a lot at once. Please wait {wait}; what you typed is still here."
                )
    return None
