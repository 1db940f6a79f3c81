"""What somebody typed, understood: words, "phrases", -without, beginn*."""

from __future__ import annotations

import re
from dataclasses import dataclass

from articles.search.analysis import LONGEST, asked, fold, is_unspaced, normalise, tokens

#: What is longer is cut: nobody means more than this, and each word costs a look-up.
LONGEST_QUERY = 300
MOST_WORDS = 12
MOST_TOKENS = 24
#: Beginnings of fewer letters would be half of the dictionary.
SHORTEST_BEGINNING = 2

QUOTES = re.compile("[“”„‟«»″]")
PART = re.compile(r'(?P<without>(?<!\S)[-−])?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


@dataclass(frozen=True)
class Term:
    """One thing that a story must have, or must not: `tokens` side by side; or any word that begins with `beginning`."""

    tokens: tuple[str, ...]
    beginning: str = ""
    #: The tokens that `beginning` stands for (articles.search.beginnings); none: whatever begins so.
    words: tuple[str, ...] = ()
    #: As it was typed, for those who write it again with another spelling.
    typed: str = ""
    quoted: bool = False

    @property
    def is_phrase(self) -> bool:
        return len(self.tokens) > 1


@dataclass(frozen=True)
class Query:
    """All of `wanted` and nothing of `unwanted`. False when there is no word to look for."""

    wanted: tuple[Term, ...] = ()
    unwanted: tuple[Term, ...] = ()
    was_cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.wanted)

    @property
    def tokens(self) -> tuple[str, ...]:
        """All that is wanted, in the order in which it was typed."""
        return tuple(token for term in self.wanted for token in term.tokens)

    def typed(self, instead: dict[str, str] | None = None) -> str:
        """The query as text again, with other words `instead` of some."""
        told = [_written(term, (instead or {}).get(term.typed, term.typed)) for term in self.wanted]
        return " ".join([*told, *("-" + _written(term, term.typed) for term in self.unwanted)])


def parse(text: str, *, last_is_begun: bool = False) -> Query:
    """Any text is a query; what has no letter or digit asks for nothing.

    `last_is_begun`: somebody is still typing, so that the last word may go on.
    """
    # Cut before it is looked at, too: composed, three characters can be one, and no more.
    text = QUOTES.sub('"', normalise(text[: 4 * LONGEST_QUERY].replace("\0", " ")))
    cut = len(text) > LONGEST_QUERY
    parts = [found for part in PART.finditer(text[:LONGEST_QUERY]) if (found := _term(part))]
    if last_is_begun and parts and not text[-1:].isspace():
        unwanted, last = parts[-1]
        parts[-1] = unwanted, last if last.quoted else _term_of(last.typed, begun=True) or last
    kept: list[tuple[bool, Term]] = []
    for unwanted, term in parts:
        room = MOST_TOKENS - sum(len(other.tokens) for _, other in kept)
        if len(kept) == MOST_WORDS or len(term.tokens) > room:
            cut = True
            break
        if (unwanted, term) not in kept:
            kept.append((unwanted, term))
    return Query(
        tuple(term for unwanted, term in kept if not unwanted), tuple(term for unwanted, term in kept if unwanted), cut
    )


def _term(part: re.Match[str]) -> tuple[bool, Term] | None:
    if part["phrase"] is not None:
        found = tuple(asked(part["phrase"]))
        term = Term(found, typed=part["phrase"].strip(), quoted=True) if found else None
    else:
        term = _term_of(part["word"].rstrip("*"), begun=part["word"].endswith("*"))
    return (bool(part["without"]), term) if term else None


def _term_of(word: str, *, begun: bool) -> Term | None:
    found = tuple(asked(word))[:MOST_TOKENS]
    if not found:
        return None
    beginning = ""
    if len(found) == 1:
        plain = fold(word)[:LONGEST] if tokens(word) == list(found) else ""
        if is_unspaced(found[0]):
            # One character of a script without spaces stands in the index with the one that follows it.
            beginning = found[0] if len(found[0]) == 1 else ""
        elif begun and len(plain) >= SHORTEST_BEGINNING:
            beginning = plain
    return Term(found, beginning, typed=word)


def _written(term: Term, word: str) -> str:
    return f'"{word}"' if term.quoted else f"{word}*" if term.beginning and not is_unspaced(word) else word
