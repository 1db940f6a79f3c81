"""Search in PostgreSQL: a tsvector made by us, so that no dictionary of the server is asked, under a GIN index.

The index knows which entries have a word, and not in which order. Positions are kept in the entries themselves: they are read
for phrases, and for those among the newest entries alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import F, Lookup, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from articles.models import Article, Image, PictureEntry, SearchEntry
from articles.models.article_queryset import ArticleQuerySet
from articles.models.search_entry import TokensField
from articles.search.entries import HEAD
from articles.search.query import Query, Term

#: Among as many of the newest stories that have all of its words a phrase is looked for.
PHRASE_AMONG = 3_000
#: Of so many of the newest entries so many have what is common: a page of it is full after some 25,000 entries, which takes as long
#: as to look up and sort all that have it in an archive of a million.
SAMPLE, COMMON = 1_000, 20
#: So many stories are looked up one by one, whatever words they have.
FEW = 5_000
#: Limits of the server: the size of a vector, the highest position.
MOST_BYTES = 900_000
LAST_POSITION = 16_383


@TokensField.register_lookup
class Matches(Lookup):
    lookup_name = "matches"

    def get_prep_lookup(self):
        return self.rhs

    def as_sql(self, compiler, connection):
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} @@ %s::tsquery", [*left_params, self.rhs]


@contextmanager
def asking() -> Iterator[None]:
    """While a query is answered. The server thinks that looking for words in a row costs next to nothing, and would read all."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")
        yield


def vector(tokens: str) -> str:
    """The words with their positions, as the server reads a tsvector."""
    words = tokens.split(" ")
    if len(words) <= LAST_POSITION and len(tokens.encode()) + 10 * len(words) < MOST_BYTES:
        # The server puts the positions of a word together itself, in a fifth of the time.
        return " ".join([f"'{token}':{position}" for position, token in enumerate(words, start=1)])
    positions: dict[str, list[int]] = defaultdict(list)
    size = 0
    for position, token in enumerate(words, start=1):
        if token not in positions:
            size += len(token.encode()) + 8
        size += 2
        if size > MOST_BYTES:
            break
        # Past the last position words are found, though no phrase of them.
        if position <= LAST_POSITION or not positions[token]:
            positions[token].append(min(position, LAST_POSITION))
    return " ".join(f"'{token}':{','.join(map(str, places))}" for token, places in positions.items())


def matching(
    articles: ArticleQuerySet,
    query: Query,
    *,
    in_head: bool = False,
    low: int = 0,
    high: int = 2**63 - 1,
    oldest_first=False,
    numbers: list[int] | None = None,
) -> QuerySet[Article]:
    """Those of `articles` that the query asks for, whose key is `low <= key < high`, newest first, with their `key`.

    `in_head`: all words stand in headline, standfirst, tags or bylines. `numbers`: among which
    those of `articles` are, where they are few enough to be told.
    """  # fmt: skip
    found = articles.filter(search_entry__key__gte=low, search_entry__key__lt=high)
    mark = HEAD if in_head else ""
    found = found.filter(search_entry__words__matches=expression(query, mark))
    order: F | CombinedExpression = F("search_entry__key")
    newest = SearchEntry.objects.filter(key__gte=low, key__lt=high).order_by("-key")
    few = numbers if numbers is not None and len(numbers) <= FEW else None
    if few is not None:
        found = found.filter(pk__in=few)
    if few is not None or not _is_common(expression(query, mark), newest):
        # How many have a rare word, or two together, the server can only guess (of a word that it does not know: half a percent),
        # and would walk through the archive for them. All that have a common one it cannot sort without reading them.
        order = CombinedExpression(order, "+", Value(0))
    ordered = order.asc() if oldest_first else order.desc()
    if any(term.is_phrase for term in (*query.wanted, *query.unwanted)):
        among = found.order_by(ordered).values("pk")[:PHRASE_AMONG]
        exact = Matches(F("search_entry__words"), expression(query, mark, phrases=True))
        # Not for the index, which would have every entry with these words read.
        found = Article.objects.filter(Coalesce(exact, Value(False)), pk__in=among)
        ordered = F("search_entry__key").asc() if oldest_first else F("search_entry__key").desc()
    return found.annotate(key=F("search_entry__key")).order_by(ordered)


def matching_pictures(images: QuerySet[Image], query: Query) -> QuerySet[Image]:
    """Those of `images` that the query asks for, the last added first."""
    asked = expression(query, phrases=True)
    order: F | CombinedExpression = F("pk")
    if not _is_common(asked, PictureEntry.objects.order_by("-pk")):
        order = CombinedExpression(order, "+", Value(0))  # as above
    with_words = PictureEntry.objects.filter(words__matches=asked).values("picture")
    return images.filter(pk__in=with_words).order_by(order.desc())


def _is_common(asked: str, newest: QuerySet) -> bool:
    """Whether enough of the newest entries have all of it, so that a page is full soon: then the server may choose."""
    found = newest.annotate(has=Matches(F("words"), asked)).values_list("has", flat=True)[:SAMPLE]
    return sum(found) >= COMMON


def phrase_of(query: Query) -> str:
    """All that is wanted, in the order in which it was typed, as `has_phrase` takes it."""
    return _phrase(query.tokens, "")


def has_phrase(phrase: str) -> Matches:
    """Whether it stands in an entry; for a few entries."""
    return Matches(F("words"), phrase)


def expression(query: Query, mark: str = "", *, phrases: bool = False) -> str:
    """A tsquery. Every token is of letters and digits alone, and quoted all the same.

    Without `phrases` the words of a phrase may be apart.
    """
    wanted = [_term(term, mark, phrases) for term in query.wanted]
    # A story without these words together may have them apart: that is for the second look.
    unwanted = [f"!({_term(term, '', phrases)})" for term in query.unwanted if phrases or not term.is_phrase]
    return " & ".join([*wanted, *unwanted])


def _term(term: Term, mark: str, phrases: bool) -> str:
    if term.words:
        return "(" + " | ".join(f"'{mark}{token}'" for token in term.words) + ")"
    if term.beginning:
        return f"('{mark}{term.tokens[0]}' | '{mark}{term.beginning}':*)"
    return _phrase(term.tokens, mark) if phrases else " & ".join(f"'{mark}{token}'" for token in term.tokens)


def _phrase(tokens: tuple[str, ...], mark: str) -> str:
    return " <-> ".join(f"'{mark}{token}'" for token in tokens)
