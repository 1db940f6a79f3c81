from __future__ import annotations

import datetime

from django.db import connection
from django.db.models import Q

from articles.clocks import lately, latest
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
    mine, near = Q(browser=comment.browser), Q(network=comment.network)
    if comment.is_proved:
        mine |= Q(commenter=comment.commenter, is_proved=True)
    sent = Comment.objects.filter(mine | near if comment.network else mine, lately("created_at", HOUR, submission.now))
    if comment.pk:
        sent = sent.exclude(pk=comment.pk)
    times_of: dict[str, list[datetime.datetime]] = {"mine": [], "near": []}
    most = LIMITS[-1][1] + LIMITS[-1][2]
    for row in sent.only("created_at", "browser", "network", "commenter", "is_proved").order_by("-created_at")[:most]:
        if row.browser == comment.browser or (
            comment.is_proved and row.is_proved and row.commenter_id == comment.commenter_id
        ):
            times_of["mine"].append(row.created_at)
        if row.network and row.network == comment.network:
            times_of["near"].append(row.created_at)
    for within, of_one, of_network in LIMITS:
        since, until = submission.now - within, latest(within, submission.now)
        counts = {who: sum(since < time <= until for time in times) for who, times in times_of.items()}
        if counts["mine"] >= of_one or counts["near"] >= of_network:
            wait = "a minute" if within < HOUR else "an hour"
            return Finding(
                Verdict.REFUSE, "rate", f"That was a lot at once. Please wait {wait}; what you typed is still here."
            )
    return None


def rate_in_turn(comment: Comment, submission: Submission) -> Finding | None:
    """The same, once more, of a comment that has just been written: of those that come at once none is stored yet when they
    are screened.

    Within the transaction that writes it, and as the last that it waits for: nobody holds a turn and waits for something else.
    A guest's row is held by then, and SQLite has one writer at a time.
    """
    if connection.vendor == "postgresql" and not comment.is_staff:
        counted = [f"comments.rate {who}" for who in (comment.browser, comment.network) if who]
        turns = ", ".join(["pg_advisory_xact_lock(hashtextextended(%s, 0))"] * len(counted))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {turns}", counted)
    return rate(comment, submission)
