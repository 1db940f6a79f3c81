"""How long this process waits for one answer of PostgreSQL before it gives up.

TCP notices a machine that is gone (newsportal.settings). It does not notice a server that has stopped, or a proxy that passes
nothing on: what is sent to them arrives, and no answer comes, for ever. Nor does it end a statement that waits for a lock.
Who answers requests cannot wait so long; who migrates, fills, restores or makes an index may.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings

_is_serving = False
_here: ContextVar[float | None] = ContextVar("patience", default=None)


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
