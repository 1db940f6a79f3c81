from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    FINE = "OK"
    #: It works, and somebody should look at it.
    ODD = "LOOK"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Finding:
    """`what` is the case, as a sentence, and how to `mend` it."""

    level: Level
    what: str
    mend: str = ""


def fine(what: str) -> Finding:
    return Finding(Level.FINE, what)


def odd(what: str, mend: str) -> Finding:
    return Finding(Level.ODD, what, mend)


def wrong(what: str, mend: str) -> Finding:
    return Finding(Level.WRONG, what, mend)
