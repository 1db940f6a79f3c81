""" "Did you mean …": words that stories have, close to one that none has.

Candidates share the skeleton of the misspelt word (its consonants; doubled ones once) or one that is an edit away. Vowels and
doublings are what people get wrong, and an index finds skeletons at any size of the vocabulary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from django.db import connection
from django.db.models import Q

from articles.models import SearchWord
from articles.search.analysis import LONGEST, fold, forms, is_unspaced

SHORTEST = 4
#: From this length on two edits are forgiven, below it one.
LONG = 6
#: Looked at; the words that came first into the index are the common ones.
MOST_CANDIDATES = 2_000
BEST = 3

VOWELS = re.compile("[aeiouyаеёиоуыэюяіїєαεηιουω]")
DOUBLED = re.compile(r"(.)\1+")
ALPHABETS = ("abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ", "αβγδεζηθικλμνξοπρστυφχψω")


def learn(texts: Iterable[str]) -> None:
    """Add the words of these texts to the vocabulary."""
    words = set().union(*map(forms, texts))
    wanted = [word for word in words if is_learnt(word)]
    # In one order, so that two who save at once never wait for each other in a circle.
    new = [
        SearchWord(word=word, skeleton=skeleton(word) if _is_offered(word) else "") for word in sorted(_unknown(wanted))
    ]
    if new:
        SearchWord.objects.bulk_create(new, ignore_conflicts=True)


def is_learnt(word: str) -> bool:
    """Whether the vocabulary keeps a word: of two letters and more, without digits, of a script that has spaces."""
    return 2 <= len(word) <= LONGEST and not any(map(str.isdigit, word)) and not is_unspaced(word)


def _is_offered(word: str) -> bool:
    return len(word) >= SHORTEST and word.isalpha()


def _unknown(words: list[str]) -> list[str]:
    # One parameter for all words: a list of hundreds would take longer to write than to answer, with every story saved.
    listed = "jsonb_array_elements_text(%s::jsonb)" if connection.vendor == "postgresql" else "json_each(%s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT listed.value FROM {listed} AS listed "  # noqa: S608  (one of two constants)
            "WHERE NOT EXISTS (SELECT 1 FROM articles_searchword WHERE word = listed.value)",
            [json.dumps(words)],
        )
        return [word for (word,) in cursor.fetchall()]


def skeleton(word: str) -> str:
    return DOUBLED.sub(r"\1", VOWELS.sub("", word)) or word[0]


def instead_of(typed: Iterable[str]) -> dict[str, list[str]]:
    """For each of these words that no story has: what it may have been meant to be, the likeliest first. Two queries."""
    folded = {word: fold(word) for word in typed}
    plain = set(folded.values())
    known = set(SearchWord.objects.filter(word__in=plain).values_list("word", flat=True))
    doubted = {
        word: form for word, form in folded.items() if len(form) >= SHORTEST and form.isalpha() and form not in known
    }
    candidates: list[str] = []
    if doubted:
        alike = Q()
        for form in doubted.values():
            alike |= Q(skeleton__in=_edits(skeleton(form))) if len(form) >= LONG else Q(word__in=_edits(form))
        found = SearchWord.objects.filter(alike).exclude(skeleton="").order_by("pk")
        candidates = list(found.values_list("word", flat=True)[:MOST_CANDIDATES])
    return {word: close for word, form in doubted.items() if (close := _closest(form, candidates))}


def _closest(word: str, candidates: list[str]) -> list[str]:
    allowed = 2 if len(word) >= LONG else 1
    near = [c for c in candidates if abs(len(c) - len(word)) <= allowed and distance(word, c) <= allowed]
    # The first letter is the one that people get right.
    return sorted(near, key=lambda c: (distance(word, c), c[0] != word[0]))[:BEST]


def distance(a: str, b: str) -> int:
    """Letters added, left out, changed or swapped with a neighbour (optimal string alignment)."""
    above: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(row[-1] + 1, last[j] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        above, last = last, row
    return last[-1]


def _edits(word: str) -> set[str]:
    """The word, and all that are one edit away, in the alphabet that it is written in."""
    letters = next((alphabet for alphabet in ALPHABETS if word[0] in alphabet), "")
    found = {word}
    for n in range(len(word) + 1):
        before, after = word[:n], word[n:]
        found |= {before + letter + after for letter in letters}
        if after:
            found.add(before + after[1:])
            found |= {before + letter + after[1:] for letter in letters}
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
    return found - {""}
