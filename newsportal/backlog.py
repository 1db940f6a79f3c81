"""What waits, and how much of it: the numbers behind /metrics, the alarms of the desk and `manage.py doctor`.

Each is one question over an index, or over a table that is small by its nature, and stops counting at COUNTED.
"""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass

from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult, get_date_max

from articles import workflow
from articles.clocks import AHEAD
from articles.http.attempts import since_the_first
from articles.models import Article, NextVersion
from comments import mail
from comments.models import Comment, Status
from newsportal import recurring
from newsportal.models import Purge, Recurring

#: Nobody needs to know whether 10,000 wait or 300,000.
COUNTED = 10_000
FAILED_WITHIN = datetime.timedelta(days=1)
LETTERS_TOLD_FOR = datetime.timedelta(days=4)
LETTERS = "comments.notifications."
#: A CDN is told within a second, and once more after three: what is older than this could not be told.
PURGE_LATE = 60
#: A next version goes live with the first request after its time.
NEXT_VERSION_LATE = datetime.timedelta(minutes=5)


def up_to(rows: QuerySet, most: int = COUNTED) -> int:
    return rows.order_by().values("pk")[:most].count()


# --- Jobs -------------------------------------------------------------------------------------------------------------


def failed_jobs() -> QuerySet[DBTaskResult]:
    """Given up within a day."""
    since = timezone.now() - FAILED_WITHIN
    return DBTaskResult.objects.filter(status=TaskResultStatus.FAILED, finished_at__gt=since)


def waiting_since() -> datetime.datetime | None:
    """Since when the job has waited that could be done for the longest; None when none could be."""
    ready = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    # Those for at once have the year 9999.
    at_once = ready.filter(run_after=get_date_max()).order_by("-priority", "run_after", "enqueued_at")
    later = ready.filter(run_after__lte=timezone.now()).order_by("-priority", "run_after", "enqueued_at")
    moments = [
        at_once.values_list("enqueued_at", flat=True).first(),
        later.values_list("run_after", flat=True).first(),
    ]
    return min((moment for moment in moments if moment), default=None)


def tried_again() -> QuerySet[DBTaskResult]:
    """What another machine did not take, and is offered again: letters, calls (articles.http.attempts); and what was put off since
    the storage or the database was away.
    """  # fmt: skip
    is_again = Q(args_kwargs__kwargs__attempt__gte=2) | ~Q(exception_class_path="")
    return DBTaskResult.objects.filter(is_again, status=TaskResultStatus.READY)


def undelivered_letters() -> QuerySet[DBTaskResult]:
    return tried_again().filter(task_path__startswith=LETTERS)


def waiting_letters(most: int = COUNTED) -> tuple[int, int]:
    """Of those, how many wait while nothing goes out, and how many while the mail server has taken others since they were first
    offered: of these the address is what is refused. Counts no further than `most`, and those of late first.
    """  # fmt: skip
    waiting = undelivered_letters().order_by("-enqueued_at").values_list("enqueued_at", "args_kwargs")[:most]
    offered_at = [at - since_the_first(given["kwargs"].get("attempt", 1)) for at, given in waiting]
    if not offered_at:
        return 0, 0
    sent = DBTaskResult.objects.filter(
        status=TaskResultStatus.SUCCESSFUL, finished_at__gt=min(offered_at), task_path__startswith=LETTERS,
        return_value=mail.Outcome.SENT.value,
    )  # fmt: skip
    last = sent.aggregate(at=Max("finished_at"))["at"]
    alone = sum(last is not None and at < last for at in offered_at)
    return len(offered_at) - alone, alone


def letters_given_up() -> QuerySet[DBTaskResult]:
    """What the mail server did not take in a day; told for longer than other work, for nobody may have been here at a weekend."""
    since = timezone.now() - LETTERS_TOLD_FOR
    return DBTaskResult.objects.filter(
        status=TaskResultStatus.FAILED, finished_at__gt=since, task_path__startswith=LETTERS
    )


def recurring_late() -> float:
    """For how many seconds what is done again and again has been due; 0 where all of it was done in time."""
    jobs = Recurring.objects.filter(name__in=recurring.current())
    first = jobs.order_by("due_at").values_list("due_at", flat=True).first()
    return max((timezone.now() - first).total_seconds(), 0.0) if first else 0.0


# --- Stories, comments, the CDN ---------------------------------------------------------------------------------------


def late_stories() -> QuerySet[Article]:
    """What was to be out by now, and is a draft or in review still."""
    return Article.objects.filter(status__in=workflow.UNPUBLISHED, publish_at__lt=timezone.now())


def late_next_versions() -> QuerySet[NextVersion]:
    """What was to be live by now, and is not."""
    return NextVersion.objects.due(timezone.now() - NEXT_VERSION_LATE)


def pending_comments() -> QuerySet[Comment]:
    return Comment.objects.filter(status=Status.PENDING)


def late_purges() -> QuerySet[Purge]:
    """What the CDN could not be told."""
    now = time.time()
    # A clock that was ahead has written down when it was touched.
    return Purge.objects.filter(Q(touched_at__lt=now - PURGE_LATE) | Q(touched_at__gt=now + AHEAD * PURGE_LATE))


# --- All of them ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Backlog:
    """Numbers of things, and seconds."""

    jobs_waiting: int
    jobs_waiting_seconds: float
    jobs_running: int
    jobs_failed: int
    jobs_tried_again: int
    letters_given_up: int
    recurring_late_seconds: float
    stories_late: int
    comments_pending: int
    comments_pending_seconds: float
    purges_late: int

    def numbers(self) -> dict[str, tuple[float, str]]:
        """Name → value, and what it is."""
        return {name: (getattr(self, name), words) for name, words in WORDS.items()}


WORDS = {
    "jobs_waiting": "Jobs that could be done now.",
    "jobs_waiting_seconds": "For how long the job has waited that could be done for the longest.",
    "jobs_running": "Jobs that are being done.",
    "jobs_failed": "Jobs that were given up within a day.",
    "jobs_tried_again": "Jobs that another machine did not take, such as letters, and that wait for their next attempt.",
    "letters_given_up": "Letters to readers that the mail server did not take in a day, of the last four days.",
    "recurring_late_seconds": "For how long what is done every few minutes has been due.",
    "stories_late": "Stories past their time and not out, and next versions that did not go live.",
    "comments_pending": f"Comments that wait for a moderator, up to {COUNTED}.",
    "comments_pending_seconds": "For how long the comment has waited that came first.",
    "purges_late": "Keys that the CDN could not be told of.",
}


def look() -> Backlog:
    since, now = waiting_since(), timezone.now()
    oldest = pending_comments().order_by("created_at", "pk").values_list("created_at", flat=True).first()
    return Backlog(
        jobs_waiting=up_to(DBTaskResult.objects.ready()),
        jobs_waiting_seconds=(now - since).total_seconds() if since else 0.0,
        jobs_running=up_to(DBTaskResult.objects.running()),
        jobs_failed=up_to(failed_jobs()),
        jobs_tried_again=up_to(tried_again()),
        letters_given_up=up_to(letters_given_up()),
        recurring_late_seconds=recurring_late(),
        stories_late=up_to(late_stories()) + up_to(late_next_versions()),
        comments_pending=up_to(pending_comments()),
        comments_pending_seconds=(now - oldest).total_seconds() if oldest else 0.0,
        purges_late=up_to(late_purges()),
    )
