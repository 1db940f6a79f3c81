"""How long this process waits for one answer of the database before it gives up.

TCP notices a machine that is gone (newsportal.settings). It does not notice a server that has stopped, or a proxy that passes
nothing on: what is sent to them arrives, and no answer comes, for ever. Nor does it end a statement that waits for a lock.
Who answers requests cannot wait so long; who migrates, fills, restores or makes an index may. On SQLite nobody answers, and what
is waited for is a writer's turn (newsportal.database.sqlite3.turn).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings

#: Seconds for a server to take it that a statement is not waited for any more. One that does not is silent.
GRACE = 2.0


class _Waited:
    seconds = 0.0


_is_serving = False
_here: ContextVar[float | None] = ContextVar("patience", default=None)
_waited: ContextVar[_Waited | None] = ContextVar("waited", default=None)


def serve() -> None:
    """This process answers requests: none of its threads waits for longer than DATABASE_TIMEOUT, unless it says so."""
    global _is_serving
    _is_serving = True


@contextmanager
def of(seconds: float) -> Iterator[None]:
    """Within, for whoever is in this thread."""
    token = _here.set(seconds)
    try:
        yield
    finally:
        _here.reset(token)


def seconds() -> float | None:
    """For one statement; None: for as long as it takes."""
    here = _here.get()
    return here if here is not None else settings.DATABASE_TIMEOUT if _is_serving else None


@contextmanager
def in_one_request() -> Iterator[None]:
    """Within, what is spent on turns is added up: `left` is for all of them together."""
    token = _waited.set(_Waited())
    try:
        yield
    finally:
        _waited.reset(token)


def is_in_request() -> bool:
    return _waited.get() is not None


def spend(seconds: float) -> None:
    if waited := _waited.get():
        waited.seconds += seconds


def left() -> float | None:
    """For the next turn; None: for as long as it takes."""
    whole, waited = seconds(), _waited.get()
    return whole if whole is None or waited is None else max(0.0, whole - waited.seconds)
