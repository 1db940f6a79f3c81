"""How alike two headlines, or two texts, are: cheap enough to ask of some hundred stories."""

from __future__ import annotations

import zlib
from difflib import SequenceMatcher
from heapq import merge as merged
from itertools import islice

#: Of a text, so many of its smallest hashes are kept: a sketch. They fit in a cache, and compare in microseconds.
KEPT, WORDS = 128, 4
LETTERS, COMMON_LETTERS = 3, 0.5


def sketch(text: str) -> list[int]:
    """The smallest hashes of all runs of four words, in order.

    A. Broder, On the resemblance and containment of documents, 1997.
    """
    words = text.casefold().split()
    runs = (" ".join(words[n : n + WORDS]) for n in range(max(1, len(words) - WORDS + 1)))
    return sorted({zlib.crc32(run.encode()) for run in runs if run})[:KEPT]


def resemblance(one: list[int], two: list[int]) -> float:
    """Which part of the runs of two texts both have, estimated: 0 to 1."""
    smallest = list(islice(dict.fromkeys(merged(one, two)), KEPT))
    return len(set(smallest) & set(one) & set(two)) / len(smallest) if smallest else 0.0


def letters(slug: str) -> frozenset[str]:
    """All runs of three letters."""
    return frozenset(slug[n : n + LETTERS] for n in range(max(1, len(slug) - LETTERS + 1)))


def alike(one: str, of_one: frozenset[str], two: str, of_two: frozenset[str], at_least: float) -> bool:
    """Whether two short texts are this alike (0 to 1, as difflib has it). Most are told apart by their `letters`."""
    if 2 * len(of_one & of_two) < COMMON_LETTERS * (len(of_one) + len(of_two)):
        return False
    return SequenceMatcher(None, one, two, autojunk=False).ratio() > at_least
