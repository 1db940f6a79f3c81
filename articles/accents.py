"""Marks upon marks: no language heaps them, and to put many of them in order takes as long as the square of their number.

Unicode's own bound is 30 (UAX #15, Stream-Safe Text Format: https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format).
"""

from __future__ import annotations

import unicodedata

MOST = 30


def without_heaps(text: str) -> str:
    """The text with at most MOST marks in a row; to be asked for before it is normalised."""
    if text.isascii():
        return text
    kept, row = [], 0
    for character in text:
        row = row + 1 if unicodedata.combining(character) else 0
        if row <= MOST:
            kept.append(character)
    return "".join(kept)


def is_heaped(text: str) -> bool:
    return len(without_heaps(text)) != len(text)
