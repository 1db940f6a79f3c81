"""Which story comes first: one rule for every database, read off the entries that a back end has found.

Each thing that is looked for counts by the best place where a story has it; all of them side by side, as they were typed,
count once more by the best place where they are. Among equals the newer comes first.
"""

from __future__ import annotations

from typing import NamedTuple

from articles.search.query import Query, Term

HEADLINE, STANDFIRST, NAMES, TEXT = 8, 4, 2, 1


class Candidate(NamedTuple):
    """What ranking has of an entry: `headline`, `standfirst` and `names` as tokens, one space between two."""

    number: int
    key: int
    headline: str
    standfirst: str
    names: str


def ranked(candidates: list[Candidate], query: Query, with_phrase: set[int]) -> list[tuple[int, int, int]]:
    """(score, key, number of the story), the best first. `with_phrase`: those that have all that is wanted side by side."""
    wanted = [_signs(term) for term in query.wanted]
    phrase = (f" {' '.join(query.tokens)} ",)
    scored = []
    for found in candidates:
        total = sum([_weight(found, signs) for signs in wanted])
        if len(wanted) > 1 and found.number in with_phrase:
            total += _weight(found, phrase)
        scored.append((total, found.key, found.number))
    return sorted(scored, reverse=True)


def _signs(term: Term) -> tuple[str, ...]:
    exact = f" {' '.join(term.tokens)} "
    return (exact, f" {term.beginning}") if term.beginning else (exact,)


def _weight(found: Candidate, signs: tuple[str, ...]) -> int:
    for text, weight in ((found.headline, HEADLINE), (found.standfirst, STANDFIRST), (found.names, NAMES)):
        spaced = f" {text} "
        for sign in signs:
            if sign in spaced:
                return weight
    return TEXT
