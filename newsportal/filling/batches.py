"""A newspaper in batches: rows that need no database to be made, so that another process can make them."""

from __future__ import annotations

import datetime
import marshal
import os
import pickle
import queue
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import IO, NamedTuple

from django.conf import settings

from articles.workflow import Status
from newsportal.filling.rows import Stored
from newsportal.filling.stories import CORRECTED, UNPUBLISHED, WITHDRAWN, Plan, Stories
from newsportal.filling.talk import Talk

YEARS = datetime.timedelta(days=3_652)
AHEAD = datetime.timedelta(days=14)
#: Stories in a batch.
BATCH = 500
#: What is younger is neither corrected nor taken back; how old what waits at the desk may be.
RECENT, AT_THE_DESK = datetime.timedelta(days=2), datetime.timedelta(days=200)
#: Batches that are made and not yet written.
WAITING = 3

#: The process that makes them: it reads what is to be made, writes batches, and asks no database.
MAKING = "import django; django.setup(); from newsportal.filling.batches import make; make()"
LENGTH = struct.Struct("<Q")


class Batch(NamedTuple):
    """Whole stories with their talk: how many stories and comments, their rows in the order of writing, texts with words that were
    not said before. The last one has none of these, and the guests' `standing` (Talk.standing()).
    """  # fmt: skip

    size: int
    rows: list[Stored]
    said: list[str]
    standing: list[tuple[int, int, int]]


class Batches:
    """All batches of one filling, once. `numbers` and `of_comments`: those that stories and comments get."""

    def __init__(
        self, stories: Stories, talk: Talk, *, seed: str, now: datetime.datetime, numbers: range, of_comments: range
    ) -> None:
        self.stories, self.talk, self.now = stories, talk, now
        self.numbers, self.of_comments = numbers, of_comments
        articles = len(numbers)
        self.waiting, self.ahead = int(articles * UNPUBLISHED), min(50, articles // 100)
        self.out = articles - self.waiting - self.ahead
        self.chance = random.Random(f"{seed} plans")

    def __iter__(self) -> Iterator[Batch]:
        stories, talk = self.stories, self.talk
        shares = iter(talk.shares(self.out, len(self.of_comments)))
        numbers, of_comments, plans = iter(self.numbers), iter(self.of_comments), self._plans()
        while batch := list(islice(plans, BATCH)):
            counts = [next(shares) if plan.at <= self.now and plan.is_out else 0 for plan in batch]
            theirs = list(islice(numbers, len(batch)))
            visible = [
                talk.under(pk, plan.at, list(islice(of_comments, count)))
                for plan, pk, count in zip(batch, theirs, counts, strict=True)
            ]
            rows, said = stories.batch(batch, theirs, visible)
            yield Batch(
                len(batch) + sum(counts), [stored for stored in (*rows, *talk.batch()) if stored.rows], said, []
            )
        yield Batch(0, [], [], talk.standing())

    def _plans(self) -> Iterator[Plan]:
        """Oldest first, three times as many in the last year as in the first; then what is to come, and what waits at the desk."""
        some = self.chance.random
        for n in range(self.out):
            # The part of all stories up to a moment grows with the moment and with its square.
            part = ((1 + 8 * (n + some()) / self.out) ** 0.5 - 1) / 2
            at = min(self.now - YEARS * (1 - part), self.now).replace(microsecond=0)
            drawn = some() if at < self.now - RECENT else 1.0
            if drawn < WITHDRAWN:
                yield Plan(at, Status.WITHDRAWN)
            else:
                yield Plan(at, Status.PUBLISHED, is_corrected=drawn < WITHDRAWN + CORRECTED)
        for n in range(self.ahead):
            yield Plan((self.now + AHEAD * (n + 1) / self.ahead).replace(microsecond=0), Status.PUBLISHED)
        for n in range(self.waiting):
            at = (self.now - AT_THE_DESK * some()).replace(microsecond=0)
            yield Plan(at, Status.IN_REVIEW if n % 5 == 4 else Status.DRAFT)


def made_apart(batches: Batches) -> Iterator[Batch]:
    """The same batches, made by another process while this one writes. Raises RuntimeError when that process ends too early."""
    made: queue.Queue[bytes] = queue.Queue(WAITING)
    stop = threading.Event()
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", MAKING],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=settings.BASE_DIR,
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout
        batches_told = process.stdout

        def fetch() -> None:
            told = b"."
            while told and not stop.is_set():
                told = read_one(batches_told)
                made.put(told)

        try:
            with suppress(BrokenPipeError):  # it has ended already, as is seen next
                pickle.dump(batches, process.stdin)
            with suppress(BrokenPipeError):
                process.stdin.close()
            threading.Thread(target=fetch, daemon=True).start()
            while told := made.get():
                size, rows, said, standing = marshal.loads(told)  # noqa: S302  (from our own process)
                yield Batch(size, [Stored(*stored) for stored in rows], said, standing)
                if not size:
                    return
            raise RuntimeError("The process that invents the stories has ended before its time.")
        finally:
            stop.set()
            process.kill()
            while not made.empty():
                made.get_nowait()


def make() -> None:
    """What the other process does."""
    # Whatever else says something says it elsewhere.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for batch in pickle.load(sys.stdin.buffer):  # noqa: S301  (from the process that has started this one)
        told = marshal.dumps((batch.size, [tuple(stored) for stored in batch.rows], batch.said, batch.standing))
        out.write(LENGTH.pack(len(told)) + told)
        out.flush()


def read_one(stream: IO[bytes]) -> bytes:
    """A batch as make() writes it; b"" at the end, and for what is not whole."""
    length = stream.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return b""
    told = stream.read(LENGTH.unpack(length)[0])
    return told if len(told) == LENGTH.unpack(length)[0] else b""
