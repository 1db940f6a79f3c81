"""What other machines must take, and may refuse for now: tried again with growing pauses, and given up after a day.

A job that asks another machine says by `try_again` when it was refused. Whatever meets a storage or a database that is away is put
off by who does the jobs (newsportal.background), by the same pauses.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Sequence

from django.utils import timezone
from django_tasks.base import Task

logger = logging.getLogger(__name__)

#: The pauses between attempts, in minutes: six attempts within 23 hours.
PAUSES = (1, 5, 30, 4 * 60, 18 * 60)
LAST_ATTEMPT = len(PAUSES) + 1
#: Answers that ask to come again; any other 4xx will be the same tomorrow.
LATER = {408, 425, 429}


class GivenUp(Exception):
    """Raised by a job after its last attempt: it has failed then, stands at the desk, and can be done again there."""


def pause_after(attempt: int, pauses: Sequence[float] = PAUSES) -> datetime.timedelta | None:
    """How long to wait when attempt number `attempt` (the first is 1) has failed; None: that was the last one."""
    return datetime.timedelta(minutes=pauses[attempt - 1]) if attempt <= len(pauses) else None


def since_the_first(attempt: int) -> datetime.timedelta:
    """How long attempts had been made when number `attempt` was enqueued; the second is when the first has failed."""
    return datetime.timedelta(minutes=sum(PAUSES[: max(attempt - 2, 0)]))


def try_again(task: Task, *args: object, attempt: int, pauses: Sequence[float] = PAUSES) -> bool:
    """After attempt number `attempt` (the first is 1) has failed, enqueue `task(*args, attempt=…)` for later.

    Returns False when that was the last one: it is logged by the task's name and arguments, which are numbers of rows.
    """
    pause = pause_after(attempt, pauses)
    if pause is None:
        logger.error("Given up after %s attempts: %s%s", attempt, task.name, args)
        return False
    task.using(run_after=timezone.now() + pause).enqueue(*args, attempt=attempt + 1)
    return True
