"""A stored text as the blocks that stand in it one after the other: paragraphs, headings, lists, pictures, quotes."""

from __future__ import annotations

from articles.body.markup import VOID
from articles.body.sanitise import NAME, TAG


def blocks(html: str) -> list[str]:
    """What the sanitiser has written, cut between its outermost elements; joined it is the same again.

    Text that stands outside of every element, such as a line break between two, belongs to the block before it.
    """
    found: list[str] = []
    depth = 0
    for piece in TAG.split(html):
        tag = NAME.match(piece)
        if found and (depth or tag is None):
            found[-1] += piece
        elif piece:
            found.append(piece)
        if tag and tag[2] not in VOID:
            depth += -1 if tag[1] else 1
    return found
