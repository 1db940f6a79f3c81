"""What every page asks for, and what is answered alike until somebody changes it or its time comes: which advert runs.

It is kept in the process under the number of the SITE, which whatever is planned or changed there raises, and no longer than until
the next moment for which anything is planned. Both are newsportal's to say: without them everything is asked each time.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, NamedTuple, TypeVar

Answer = TypeVar("Answer")

#: Given a moment and the number of the SITE, the first moment from which something planned shows; None: there is none.
next_change: Callable[[datetime.datetime, int], datetime.datetime | None] | None = None

_number_of: ContextVar[Callable[[], int | None]] = ContextVar("site_number", default=lambda: None)
#: Numbers mean something as long as they are those of one database.
_era = 0


@contextmanager
def under(number: Callable[[], int | None]) -> Iterator[None]:
    """Within, `number` says which number the SITE had before anything of it was read; None: that cannot be told."""
    token = _number_of.set(number)
    try:
        yield
    finally:
        _number_of.reset(token)


def forget() -> None:
    """For tests, whose numbers begin anew."""
    global _era
    _era += 1


class _Kept(NamedTuple, Generic[Answer]):
    number: tuple[int, int]
    since: datetime.datetime
    until: datetime.datetime | None
    answer: Answer


class Planned(Generic[Answer]):
    """A question with one parameter, the moment: `Planned(Prepared(lambda now: …, now=datetime.datetime))`.

    Its answer is shared by threads and must be left as it is. With `nothing_alone` an answer is kept only where it is empty: for
    work that is to be done, and asked for again until it has been.
    """

    def __init__(self, ask: Callable[..., Answer], *, nothing_alone: bool = False):
        self._ask, self._nothing_alone = ask, nothing_alone
        self._kept: _Kept[Answer] | None = None

    def __call__(self, now: datetime.datetime) -> Answer:
        number = _number_of.get()()
        if number is None or next_change is None:
            return self._ask(now=now)
        kept, key = self._kept, (_era, number)
        if kept and kept.number == key and kept.since <= now and (kept.until is None or now < kept.until):
            return kept.answer
        # What was planned by now; what is planned from now on raises the number.
        until = next_change(now, number)
        answer = self._ask(now=now)
        if not (answer and self._nothing_alone):
            self._kept = _Kept(key, now, until, answer)
        return answer
