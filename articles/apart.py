"""Work on what a stranger may have made, in a process of its own: what takes all memory or time, or falls into a hole, ends there.

The process has no secrets in its environment, may write no file, and has so much memory and time. One runs at a time on a machine,
which has room for one beside its servers.
"""

from __future__ import annotations

import fcntl
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass


class TookTooMuch(Exception):
    """More memory or time than there was, or it broke."""


class NoTurn(Exception):
    """Others were at it for too long."""


@dataclass(frozen=True)
class Limits:
    """Bytes of memory; seconds of processor, by the clock, and until one's turn comes."""

    memory: int
    processor: int
    time: float
    turn: float = 10


#: Seconds between two looks whether one's turn has come.
LOOK_EVERY = 0.05
#: Who has it locked has the turn. This file is there for whoever runs the site, and nobody else need write anything.
LOCKED = __file__


def ask(module: str, given: bytes, limits: Limits) -> bytes:
    """What `module`, run as a program that calls `answer`, makes of what it is given. Raises TookTooMuch, and NoTurn."""
    try:
        with _turn(limits.turn) as lock:
            done = subprocess.run(  # noqa: S603
                [sys.executable, "-m", module, str(limits.memory), str(limits.processor)],
                input=given,
                capture_output=True,
                timeout=limits.time,
                env={"PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"},
                # It outlives us for a moment when we are killed, and has its memory for as long.
                pass_fds=[lock],
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise TookTooMuch from error
    if done.returncode != 0:
        raise TookTooMuch
    return done.stdout


@contextmanager
def _turn(seconds: float) -> Iterator[int]:
    """Within, nobody else on this machine has it. The kernel takes it back from who dies."""
    lock = os.open(LOCKED, os.O_RDONLY)
    try:
        until = time.monotonic() + seconds
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() >= until:
                raise NoTurn
            time.sleep(LOOK_EVERY)
        yield lock
    finally:
        os.close(lock)


def answer(make: Callable[[bytes], bytes]) -> None:
    """In the process: what `ask` has given, made into what it gets."""
    memory, processor = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(make(sys.stdin.buffer.read()))
