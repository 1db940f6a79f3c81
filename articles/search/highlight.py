"""Show in a text what was looked for. Everything but `<mark>` is escaped: a text brings no markup of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, pairwise
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
    count, finds = _finds(text, query)
    if not finds:
        return mark_safe("")
    numbers = list(finds)
    folded = {number: analysis.fold(written) for number, written in finds.items()}

    def wealth(first: int) -> int:
        return len({folded[number] for number in numbers if first <= number < first + EXCERPT - LEAD})

    # max() keeps the first of equals: where a story begins to speak of it.
    best = max(numbers[:200], key=wealth)
    first = max(0, min(best - LEAD, count - EXCERPT))
    shown = _part(text, query, finds, first)
    start, end = shown[0].start, shown[-1].end
    if first + EXCERPT >= count:
        end = len(text)
    before, after = "… " if first else "", " …" if end < len(text) else ""
    return mark_safe(f"{before}{_marked(text, shown, start if first else 0, end)}{after}")


def _part(text: str, query: Query, finds: dict[int, str], first: int) -> list[Piece]:
    """EXCERPT pieces from the number `first` on."""
    if _has_unspaced(text):
        return list(islice(_pieces(text, query), first, first + EXCERPT))
    matches = islice(analysis.WORD.finditer(text), first, first + EXCERPT)
    return [Piece(match.start(), match.end(), number in finds) for number, match in enumerate(matches, first)]


def _has_unspaced(text: str) -> bool:
    return not text.isascii() and bool(analysis.UNSPACED.search(text))


def _finds(text: str, query: Query) -> tuple[int, dict[int, str]]:
    """(how many pieces the text has, the number of each that is found → what stands there)."""
    words, likely, known = analysis.WORD.findall(text), *_known(query, analysis.language())
    if not _has_unspaced(text):
        # Each word is a piece: a story of a thousand is looked through for each result of a search.
        return len(words), {n: word for n, word in enumerate(words) if likely[word[0]] and known[word]}
    count, finds = 0, {}
    for word in words:
        if word.isascii() or not analysis.UNSPACED.search(word):
            if likely[word[0]] and known[word]:
                finds[count] = word
            count += 1
            continue
        for piece in _characters(0, word, set(query.tokens), _beginnings(query)):
            if piece.is_found:
                finds[count] = word[piece.start : piece.end]
            count += 1
    return count, finds


def _pieces(text: str, query: Query) -> Iterator[Piece]:
    wanted, beginnings = set(query.tokens), _beginnings(query)
    likely, known = _known(query, analysis.language())
    for match in analysis.WORD.finditer(text):
        word = match[0]
        if not word.isascii() and analysis.UNSPACED.search(word):
            yield from _characters(match.start(), word, wanted, beginnings)
            continue
        yield Piece(match.start(), match.end(), likely[word[0]] and known[word])


class _Likely(dict[str, bool]):
    """Of first letters whether a word may be looked for: of a story's words that is a tenth, which are then looked at."""

    def __init__(self, query: Query, language: str):
        super().__init__()
        letters = {token[0] for token in (*query.tokens, *_beginnings(query))}
        # What folds to nothing says nothing of how its word begins.
        self._letters = {*letters, ""} if analysis.begins_as_its_word(language) else None

    def __missing__(self, first: str) -> bool:
        self[first] = may_be = self._letters is None or analysis.fold(first)[:1] in self._letters
        return may_be


class _Known(dict[str, bool]):
    """Of words whether they are looked for, as they are met: the texts that a search finds have most words in common."""

    #: So many, of each of the few searches that are remembered.
    MOST = 2_000

    def __init__(self, query: Query, language: str):
        super().__init__()
        self._language, self._wanted, self._beginnings = language, set(query.tokens), _beginnings(query)

    def __missing__(self, word: str) -> bool:
        if len(self) >= self.MOST:
            self.clear()
        self[word] = found = not self._wanted.isdisjoint(analysis.tokens_of(word, self._language)) or (
            bool(self._beginnings) and analysis.fold(word).startswith(self._beginnings)
        )
        return found


@lru_cache(maxsize=4)
def _known(query: Query, language: str) -> tuple[_Likely, _Known]:
    return _Likely(query, language), _Known(query, language)


def _beginnings(query: Query) -> tuple[str, ...]:
    return tuple(term.beginning for term in query.wanted if term.beginning)


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
