"""How long something takes, where that is what is promised."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting(least: float, most: float) -> Iterator[None]:
    """Fails unless what is within takes so many seconds at least, and less than so many."""
    began = time.monotonic()
    yield
    assert least <= time.monotonic() - began < most
