"""A database that cannot be reached keeps nobody waiting but one.

To find out takes seconds. If every request did, all threads would wait, and with them the pages that are kept and /healthz, which
need no database: whoever watches over the process would kill it. So after one attempt has failed the others are refused at once,
and one at a time tries again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from newsportal.database.troubles import has_no_room

#: After an attempt that has failed nobody tries for so many seconds.
PAUSE = 0.5


class KnownAway(Exception):
    """It could not be reached a moment ago, and another one is trying."""


class Away:
    def __init__(self) -> None:
        self._trying = threading.Lock()
        self._failed_at: float | None = None

    def notice(self) -> None:
        """What was connected is not answered any more."""
        self._failed_at = time.monotonic()

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """Around an attempt to connect, which says by an exception that it has failed. Raises KnownAway without an attempt.

        A server that takes no more connections is not away: it says so at once, and answers on those that there are.
        """
        is_alone = False
        if (failed_at := self._failed_at) is not None:
            is_alone = time.monotonic() - failed_at >= PAUSE and self._trying.acquire(blocking=False)
            if not is_alone:
                raise KnownAway
        try:
            yield
        except Exception as error:
            if not has_no_room(error):
                self.notice()
            raise
        else:
            self._failed_at = None
        finally:
            if is_alone:
                self._trying.release()


@cache
def away(alias: str) -> Away:
    """Of a database, in this process."""
    return Away()
