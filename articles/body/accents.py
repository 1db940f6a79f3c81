"""Marks upon marks: no language heaps them, and to put many of them in order takes as long as the square of their number.

Unicode's own bound is 30 (UAX #15, Stream-Safe Text Format: https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format).
"""

from __future__ import annotations

import unicodedata

MOST = 30
#: Nonspacing and enclosing. Not told by the combining class, which many have not: those of Thai, and circles around letters.
MARKS = {"Mn", "Me"}


def without_heaps(text: str, most: int = MOST) -> str:
    """The text with at most so many marks in a row; to be asked for before it is normalised."""
    if text.isascii():
        return text
    kept, row = [], 0
    for character in text:
        category = unicodedata.category(character)
        if category in MARKS:
            row += 1
        elif category != "Cf":  # between two marks a joiner parts nothing that is seen
            row = 0
        if row <= most or category not in MARKS:
            kept.append(character)
    return "".join(kept)


def is_heaped(text: str, most: int = MOST) -> bool:
    return len(without_heaps(text, most)) != len(text)
