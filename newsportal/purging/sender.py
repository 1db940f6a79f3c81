"""Who tells the CDN: a thread of the process that changed something, at once and once more; a job, when that could not be done.

Editing waits for none of it. What is touched while a call is under way goes with the next.
"""

from __future__ import annotations

import atexit
import logging
import threading

from django.conf import settings
from django.db import connections
from django_tasks import task
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from articles.caching.editions import SITE
from articles.http.attempts import try_again
from newsportal.purging import NotPurged, back_end, waiting

logger = logging.getLogger(__name__)

#: After so many seconds the CDN is told once more: an answer that was under way to it, or between two of its caches, is there by
#: then. Fastly advises 2 (https://www.fastly.com/documentation/guides/full-site-delivery/purging/purging-best-practices/).
REPEAT_AFTER = 3.0
#: The pauses between attempts, in minutes: eight attempts within a day, at whose end pages leave a CDN by themselves.
PAUSES = (0.1, 0.5, 2, 10, 60, 4 * 60, 18 * 60)
#: From so many keys on all pages are purged.
MANY = 1_000
#: For how many seconds a process that ends lets the CDN be told.
AT_EXIT = 10.0


def send_due() -> float | None:
    """Tell the CDN all that is due, in one call where it takes one; returns in how many seconds more is, None when nothing is soon.

    Raises NotPurged: what could not be told is due again.
    """
    cdn = back_end()
    if cdn is None:
        return None
    claim = waiting.claim()
    if claim.keys:
        try:
            cdn.purge([SITE] if len(claim.keys) > MANY else sorted(claim.keys))
        except NotPurged:
            waiting.put_back(claim)
            raise
        waiting.told(claim, repeat_in=REPEAT_AFTER)
    return waiting.next_due(within=REPEAT_AFTER)


class Sender:
    """A thread that tells what is due and ends; at most one in a process, none while nothing is due."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """See to it that what is due now is told; returns at once."""
        with self._lock:
            self._woken.set()
            if self._thread is None or not self._thread.is_alive():
                thread = threading.Thread(target=self._work, name="purging", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    # This process is ending; another one tells it.
                    return
                self._thread = thread

    def wait(self, seconds: float) -> bool:
        """Whether the thread has ended by then."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        while True:
            self._woken.clear()
            pause = None
            try:
                pause = send_due()
            except NotPurged as failure:
                _try_later(failure, attempt=1)
            except Exception as error:
                # Without the details: a database quotes the values it refuses.
                logger.error("The CDN was not told (%s); it is told later.", type(error).__name__)
            finally:
                connections.close_all()
            if pause is not None:
                self._woken.wait(pause)
                continue
            with self._lock:
                if not self._woken.is_set():
                    self._thread = None
                    return


sender = Sender()
atexit.register(sender.wait, AT_EXIT)


@task
def purge(attempt: int = 1) -> None:
    """What could not be told; it fails, for the desk to see, where the CDN refuses or is given up."""
    try:
        pause = send_due()
    except NotPurged as failure:
        if not _try_later(failure, attempt=attempt) or failure.refused:
            raise
    else:
        if pause is not None:
            sender.wake()


def _try_later(failure: NotPurged, *, attempt: int) -> bool:
    """Returns False when it is given up."""
    logger.warning("The CDN was not told: %s.", failure)
    return _is_waiting() or try_again(purge, attempt=attempt, pauses=PAUSES)


def _is_waiting() -> bool:
    return DBTaskResult.objects.filter(status=TaskResultStatus.READY, task_path=purge.module_path).exists()


def every_minute() -> None:
    """What was left by processes that are no more is told by this one."""
    if back_end() is None:
        return
    waiting.forget(older_than=settings.SHARED_CACHE_SECONDS + 3_600)
    if waiting.next_due(within=0.0) is not None and not _is_waiting():
        sender.wake()
