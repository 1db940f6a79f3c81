"""Work on what a stranger may have made, in a process of its own: what takes all memory or time, or falls into a hole, ends there.

The process has no secrets in its environment, may write no file, and has so much memory and time.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass


class TookTooMuch(Exception):
    """More memory or time than there was, or it broke."""


@dataclass(frozen=True)
class Limits:
    """Bytes of memory; seconds of processor, and by the clock."""

    memory: int
    processor: int
    time: float


def ask(module: str, given: bytes, limits: Limits) -> bytes:
    """What `module`, run as a program that calls `answer`, makes of what it is given. Raises TookTooMuch."""
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", module, str(limits.memory), str(limits.processor)],
            input=given,
            capture_output=True,
            timeout=limits.time,
            env={"PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TookTooMuch from error
    if done.returncode != 0:
        raise TookTooMuch
    return done.stdout


def answer(make: Callable[[bytes], bytes]) -> None:
    """In the process: what `ask` has given, made into what it gets."""
    memory, processor = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(make(sys.stdin.buffer.read()))
