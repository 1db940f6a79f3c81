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


def told(seconds: float) -> str:
    """For how long, in one word and a number."""
    minutes = int(seconds // 60)
    return (
        f"{minutes} minutes"
        if minutes < 120
        else f"{minutes // 60} hours"
        if minutes < 2 * 24 * 60
        else f"{minutes // 1440} days"
    )
