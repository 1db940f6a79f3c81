"""Show in a text what was looked for. Everything but `<mark>` is escaped: a text brings no markup of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from articles.search import analysis
from articles.search.query import Query

#: The length of an excerpt, in words; in characters, where words are not apart.
EXCERPT = 34
#: As many stand before the first find.
LEAD = 6


class Piece(NamedTuple):
    start: int
    end: int
    is_found: bool


def highlight(text: str, query: Query) -> SafeString:
    """The text as HTML, with what is wanted marked."""
    text = analysis.normalise(text)
    return _marked(text, list(_pieces(text, query)), 0, len(text))


def excerpt(text: str, query: Query) -> SafeString:
    """The part of a text that has most of what is wanted, marked; "" when it has nothing."""
    text = analysis.normalise(text)
    pieces = list(_pieces(text, query))
    finds = [number for number, piece in enumerate(pieces) if piece.is_found]
    if not finds:
        return mark_safe("")
    folded = {number: analysis.fold(text[pieces[number].start : pieces[number].end]) for number in finds}

    def wealth(first: int) -> int:
        return len({folded[number] for number in finds if first <= number < first + EXCERPT - LEAD})

    # max() keeps the first of equals: where a story begins to speak of it.
    best = max(finds[:200], key=wealth)
    first = max(0, min(best - LEAD, len(pieces) - EXCERPT))
    shown = pieces[first : first + EXCERPT]
    start, end = shown[0].start, shown[-1].end
    if first + EXCERPT >= len(pieces):
        end = len(text)
    before, after = "… " if first else "", " …" if end < len(text) else ""
    return mark_safe(f"{before}{_marked(text, shown, start if first else 0, end)}{after}")


def _pieces(text: str, query: Query) -> Iterator[Piece]:
    language, wanted = analysis.language(), set(query.tokens)
    beginnings = tuple(term.beginning for term in query.wanted if term.beginning)
    # A text has each of its words several times.
    found: dict[str, bool] = {}
    for match in analysis.WORD.finditer(text):
        word = match[0]
        if not word.isascii() and analysis.UNSPACED.search(word):
            yield from _characters(match.start(), word, wanted, beginnings)
            continue
        if word not in found:
            found[word] = not wanted.isdisjoint(analysis.tokens_of(word, language)) or (
                bool(beginnings) and analysis.fold(word).startswith(beginnings)
            )
        yield Piece(match.start(), match.end(), found[word])


def _characters(start: int, written: str, wanted: set[str], beginnings: tuple[str, ...]) -> Iterator[Piece]:
    """Of a run without spaces each character by itself, found when it is half of a pair that is wanted."""
    folded = [analysis.fold(character) for character in written]
    pairs = [first + second in wanted for first, second in pairwise(folded)]
    for n, character in enumerate(folded):
        found = (n > 0 and pairs[n - 1]) or (n < len(pairs) and pairs[n]) or bool(character and character in beginnings)
        yield Piece(start + n, start + n + 1, found)


def _marked(text: str, pieces: list[Piece], start: int, end: int) -> SafeString:
    told: list[str] = []
    at = start
    for piece in pieces:
        if piece.is_found:
            told += [escape(text[at : piece.start]), "<mark>", escape(text[piece.start : piece.end]), "</mark>"]
            at = piece.end
    html = "".join([*told, escape(text[at:end])])
    return mark_safe(html.replace("</mark><mark>", ""))
