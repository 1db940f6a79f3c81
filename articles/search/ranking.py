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
    #: All that is wanted stands side by side somewhere.
    together: bool


def ranked(candidates: list[Candidate], query: Query) -> list[tuple[int, int, int]]:
    """(score, key, number of the story), the best first."""
    return sorted(((score(found, query), found.key, found.number) for found in candidates), reverse=True)


def score(found: Candidate, query: Query) -> int:
    places = [(f" {text} ", weight) for text, weight in zip(found[2:5], (HEADLINE, STANDFIRST, NAMES), strict=True)]
    total = sum(_weight(places, *_signs(term)) for term in query.wanted)
    if len(query.wanted) > 1 and found.together:
        total += _weight(places, f" {' '.join(query.tokens)} ")
    return total


def _signs(term: Term) -> list[str]:
    exact = f" {' '.join(term.tokens)} "
    return [exact, f" {term.beginning}"] if term.beginning else [exact]


def _weight(places: list[tuple[str, int]], *signs: str) -> int:
    return next((weight for text, weight in places if any(sign in text for sign in signs)), TEXT)
