"""Work after the answer: jobs wait in the database, and this process or another does them.

A job is claimed in one transaction, so that it runs once however many processes look (django-tasks-db: SKIP LOCKED on
PostgreSQL, an exclusive transaction on SQLite). One that a killed process left behind is put back, which is why
every job can be run a second time without harm. One that meets passing trouble, a storage or a database that is away or busy, is
put off by growing pauses; any other error is its end at once, and stands at the desk.
"""

from __future__ import annotations

import atexit
import datetime
import inspect
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.signals import request_finished
from django.db import close_old_connections, connections, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks.base import DEFAULT_TASK_BACKEND_ALIAS, DEFAULT_TASK_QUEUE_NAME, TaskResultStatus
from django_tasks.signals import task_enqueued
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult, get_date_max
from django_tasks_db.utils import retry

from articles.clocks import AHEAD
from articles.http.attempts import LAST_ATTEMPT, pause_after
from articles.pictures.files import NotStored
from newsportal.database import patience, troubles
from newsportal.recurring import do_what_is_due

logger = logging.getLogger(__name__)

#: A job that has been running for so long belongs to a process that is no more: each takes seconds.
ABANDONED_AFTER = datetime.timedelta(minutes=15)
#: A job that was begun so often and never ended is not tried again, whatever came in between.
MAX_STARTS = LAST_ATTEMPT
#: How often, in seconds, a process that answers requests looks for what is due: jobs for later, and of other processes.
LOOK_EVERY = 60
#: For how many seconds a process that ends lets its job be finished.
AT_EXIT = 10.0
#: After so many seconds who works looks for what else is due: jobs that wait for a silent machine may go on for ever.
AT_ONCE = 60.0


def drain(stopped: threading.Event | None = None) -> int:
    """Do all jobs that are due, or those until `stopped` is set, or for AT_ONCE; a job that is begun is finished. Returns how many
    were done.
    """  # fmt: skip
    worker = _Draining(stopped or threading.Event())
    # What takes longer is done by another meanwhile.
    with patience.of(ABANDONED_AFTER.total_seconds()):
        worker.run()
    return worker._run_tasks


class _Draining(Worker):
    def __init__(self, stopped: threading.Event):
        super().__init__(
            queue_names=[DEFAULT_TASK_QUEUE_NAME], backend_name=DEFAULT_TASK_BACKEND_ALIAS, worker_id=get_random_string(32),
            batch=True, interval=0.1, startup_delay=False, max_tasks=None, excluded_queue_names=[],
        )  # fmt: skip
        self._stopped = stopped
        self._until = time.monotonic() + AT_ONCE

    def run_task(self, db_task_result: DBTaskResult) -> None:
        fail = db_task_result.set_failed

        def end(error: BaseException) -> None:
            if not (is_passing(error) and _put_off(db_task_result, error)):
                fail(error)

        # The one thing that the library does with a job that raises.
        db_task_result.set_failed = end
        super().run_task(db_task_result)
        self.running = not self._stopped.is_set() and time.monotonic() < self._until


def is_passing(error: BaseException) -> bool:
    """Whether it is trouble of a storage or a database that passes by itself, and no mistake of ours."""
    return isinstance(error, NotStored) or troubles.is_away(error) or troubles.is_busy(error)


# A server that is started anew is back within a second or two.
@retry(backoff_delay=1.0)
def _put_off(job: DBTaskResult, error: BaseException) -> bool:
    """Have it done later; False when this was its last attempt.

    Attempts are counted by the processes that have begun it. A job that asks another machine has a number of its own, and is a new
    one after each refusal: that number goes on here, so that it has no more attempts in all.
    """  # fmt: skip
    close_old_connections()
    given = job.args_kwargs
    attempt = max(len(job.worker_ids), given["kwargs"].get("attempt", 1))
    pause = pause_after(attempt)
    if pause is None:
        logger.error("Given up after %s attempts: %s%s", attempt, job.task_name, tuple(given["args"]))
        return False
    if "attempt" in inspect.signature(job.task.func).parameters:
        given = given | {"kwargs": given["kwargs"] | {"attempt": attempt + 1}}
    # Thought abandoned, it may have been begun by another meanwhile: then it is that one's.
    as_begun = DBTaskResult.objects.filter(
        pk=job.pk, status=TaskResultStatus.RUNNING, started_at=job.started_at, worker_ids=job.worker_ids
    )
    job.status, job.run_after = TaskResultStatus.READY, timezone.now() + pause
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    if as_begun.update(status=job.status, run_after=job.run_after, args_kwargs=given, exception_class_path=kind):
        words = "The job %s (%s) met trouble that passes; it is tried again in %s."
        logger.warning(words, job.pk, job.task_path, pause, exc_info=error)
    return True


def put_back_abandoned(now: datetime.datetime | None = None) -> int:
    """Let jobs of killed processes be done by others; returns how many."""
    now = now or timezone.now()
    # Begun by a clock that was ahead, it would wait for that day.
    is_over = Q(started_at__lt=now - ABANDONED_AFTER) | Q(started_at__gt=now + AHEAD * ABANDONED_AFTER)
    abandoned = DBTaskResult.objects.running().filter(is_over)
    put_back = 0
    for job in abandoned.order_by("pk")[:500]:
        spent = len(job.worker_ids) >= MAX_STARTS
        status = TaskResultStatus.FAILED if spent else TaskResultStatus.READY
        # Of two processes that find it, one puts it back.
        as_seen = DBTaskResult.objects.filter(
            pk=job.pk, status=TaskResultStatus.RUNNING, started_at=job.started_at, worker_ids=job.worker_ids
        )
        if as_seen.update(status=status, finished_at=timezone.now() if spent else None):
            put_back += not spent
            logger.warning("The job %s (%s) was abandoned; it is %s now.", job.pk, job.task_path, status.label.lower())
    return put_back


def do_again(jobs: QuerySet[DBTaskResult]) -> int:
    """Have those of these jobs done again that were given up, with as many attempts as at first; returns how many."""
    given_up = DBTaskResult.objects.failed().filter(pk__in=jobs.values("pk"))
    with transaction.atomic():
        for job in given_up.filter(args_kwargs__kwargs__attempt__gte=2):
            job.args_kwargs["kwargs"]["attempt"] = 1
            job.save(update_fields=["args_kwargs"])
        count = given_up.update(
            status=TaskResultStatus.READY, run_after=get_date_max(), finished_at=None, worker_ids=[],
            exception_class_path="", traceback="",
        )  # fmt: skip
    if count:
        on_enqueued()
    return count


class InProcess:
    """A thread that does what is due and ends; at most one in a process, none while nothing is due."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._woken = False
        self._looks = False
        self.looked_at = -float("inf")
        self._alarm: threading.Timer | None = None
        self._held = False
        self._stopped = threading.Event()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Begin nothing meanwhile: for long work that writes without pause, and beside which a thread would wait for locks."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def wake(self) -> None:
        """See to it that what is due now gets done; returns at once."""
        if self._held or self._stopped.is_set():
            return
        with self._lock:
            self._woken = True
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="background", daemon=True)
                self._thread.start()

    def look(self) -> None:
        """Wake, but no more often than LOOK_EVERY: a restarted process, or one that got no job of its own, finds work too."""
        now = time.monotonic()
        if now - self.looked_at >= LOOK_EVERY:
            self.looked_at, self._looks = now, True
            self.wake()

    def _set_alarm(self) -> None:
        """Wake again when the next job falls due: nobody may ask for a page in that moment."""
        waiting = DBTaskResult.objects.filter(status=TaskResultStatus.READY, run_after__gt=timezone.now())
        # Those that are due at once have the year 9999.
        due_at = (
            waiting.filter(run_after__lt=get_date_max())
            .order_by("run_after")
            .values_list("run_after", flat=True)
            .first()
        )
        if self._alarm:
            self._alarm.cancel()
        if due_at:
            # No longer than an hour at once: the clock may be set in the meantime.
            seconds = min((due_at - timezone.now()).total_seconds() + 0.01, 3600)
            self._alarm = threading.Timer(max(seconds, 0.01), self._ring)
            self._alarm.daemon = True
            self._alarm.start()

    def _ring(self) -> None:
        if settings.BACKGROUND_WORKER == "thread":
            self.wake()

    def wait(self, seconds: float) -> bool:
        """Whether the thread has ended by then."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        with patience.of(ABANDONED_AFTER.total_seconds()):
            self._do_what_is_due()

    def _do_what_is_due(self) -> None:
        while True:
            with self._lock:
                self._woken = False
            try:
                if self._looks:
                    self._looks = False
                    put_back_abandoned()
                    do_what_is_due()
                # Asked without a lock first: looking writes nothing where nothing is due.
                if DBTaskResult.objects.ready().exists():
                    drain(self._stopped)
                    if DBTaskResult.objects.ready().exists():  # AT_ONCE is over: what recurs is looked at first
                        self._woken = self._looks = True
                self._set_alarm()
            except Exception as error:
                # Without the details: a database quotes the values it refuses.
                logger.error("Work in the background stopped (%s); it goes on later.", type(error).__name__)
            finally:
                connections.close_all()
            with self._lock:
                if not self._woken or self._stopped.is_set():
                    self._thread = None
                    return

    def finish(self) -> None:
        """The process ends: the job that is being done is finished, if it is quick; the others are another process's."""
        self._stopped.set()
        if not self.wait(AT_EXIT):
            logger.warning("A job was not finished when the process had to end; it is done again later.")


in_process = InProcess()
atexit.register(in_process.finish)


def on_enqueued(**kwargs: Any) -> None:
    """A job has been written; others see it once the transaction is committed."""
    if settings.BACKGROUND_WORKER == "thread":
        transaction.on_commit(in_process.wake, robust=True)


def on_request_finished(**kwargs: Any) -> None:
    if settings.BACKGROUND_WORKER == "thread":
        in_process.look()


def connect() -> None:
    task_enqueued.connect(on_enqueued, dispatch_uid="background")
    request_finished.connect(on_request_finished, dispatch_uid="background")
