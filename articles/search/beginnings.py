"""What a beginning stands for: the words of the archive that begin so, those first that it had first, which are the common ones.

The index of words would put together the stories of all words that begin so before it gives the newest: with "th…" that is the
whole archive. A few words are each read from their newest story on.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import connection

from articles.models import SearchWord
from articles.search.analysis import LONGEST, language, stem
from articles.search.query import Query, Term
from articles.search.spelling import is_learnt

#: Words with different stems; in the vocabulary those with endings are apart.
MOST, MOST_WORDS = 60, 240


def spelt_out(query: Query) -> Query:
    """The same query, each beginning with the words that it stands for; at most one look-up for each."""
    return replace(
        query,
        wanted=tuple(map(_spelt_out, query.wanted)),
        unwanted=tuple(map(_spelt_out, query.unwanted)),
    )


def _spelt_out(term: Term) -> Term:
    # Of what the vocabulary does not keep the index knows the beginnings.
    if not term.beginning or not is_learnt(term.beginning):
        return term
    if connection.vendor == "postgresql":
        found = SearchWord.objects.filter(word__startswith=term.beginning)
    else:
        found = SearchWord.objects.filter(word__gte=term.beginning, word__lt=term.beginning + chr(0x10FFFF))
    words = list(found.order_by("pk").values_list("word", flat=True)[:MOST_WORDS])
    if not words:
        return term
    spoken = language()
    stems = dict.fromkeys([*term.tokens, *(stem(word[:LONGEST], spoken) for word in words)])
    return replace(term, words=tuple(stems)[:MOST])
