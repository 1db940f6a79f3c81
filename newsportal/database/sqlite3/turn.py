"""How long a writer waits for its turn: SQLite has one writer at a time, and that one may make a whole table anew.

A request that waits for longer than the proxy before it has been given up by then, and what was typed in it is lost. It may want
more than one turn, so what it waits for them is added up. And it may have stood in line for a thread before, while all threads
waited: so after somebody has waited in vain those who come next wait briefly, until one has had a turn.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import OperationalError

from newsportal.database import patience
from newsportal.database.troubles import is_busy

#: Seconds, for a request that comes after one that has waited in vain.
BRIEFLY = 1.0


class Turns:
    def __init__(self) -> None:
        self._in_vain = False

    def seconds(self, most: float) -> float:
        """How long the next turn may be waited for, by whoever is in this thread, where nobody may for longer than `most`."""
        left = patience.left()
        if left is None:
            return most
        return min(most, left, BRIEFLY) if self._in_vain and patience.is_in_request() else min(most, left)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except OperationalError as error:
            # Who would not wait even briefly says nothing of how long a turn takes.
            waits = patience.seconds()
            self._in_vain = self._in_vain or (is_busy(error) and (waits is None or waits >= BRIEFLY))
            raise
        else:
            self._in_vain = False
        finally:
            patience.spend(time.monotonic() - began)


@cache
def turns(alias: str) -> Turns:
    """Of a database, in this process."""
    return Turns()
