"""Search in SQLite: the FTS5 table `articles_fulltext`, whose rows are numbered by the keys of search entries, and
`articles_picturetext`, whose rows have the numbers of pictures.

FTS5 gives what it finds in the order of its rows, and stops when nobody asks for more. Since keys follow time, the newest
of a hundred thousand stories with a common word cost no more than those of a hundred.
"""

from __future__ import annotations

import json
from contextlib import nullcontext

from django.db.models import BooleanField, F, Func, QuerySet, Value
from django.db.models.expressions import RawSQL

from articles.models import Article, Image
from articles.models.article_queryset import ArticleQuerySet
from articles.search.entries import HEAD, NUMBER_BITS
from articles.search.query import Query, Term

#: Of a word that more pictures have, so many are looked through for those that a list is narrowed to.
NEWEST = 20_000
#: While a query is answered there is nothing to be seen to.
asking = nullcontext


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
    where = ["+articles_fulltext.rowid = articles_searchentry.key", "articles_fulltext MATCH %s"]
    params: list[str | int] = [expression(query, in_head=in_head)]
    if numbers is not None:
        # A key has the number of its story: of what is not asked for nothing but that is read.
        where.append("(articles_fulltext.rowid & %s) IN (SELECT value FROM json_each(%s))")
        params += [2**NUMBER_BITS - 1, json.dumps(numbers)]
    if low > 0:
        where.append("articles_fulltext.rowid >= %s")
        params.append(low)
    if high < 2**63 - 1:
        where.append("articles_fulltext.rowid < %s")
        params.append(high)
    return (
        articles.filter(search_entry__key__isnull=False)
        .annotate(key=F("search_entry__key"))
        .extra(  # noqa: S610  (constant text; what readers typed is a parameter)
            tables=["articles_fulltext"],
            where=where,
            params=params,
            order_by=["articles_fulltext.rowid" if oldest_first else "-articles_fulltext.rowid"],
        )
    )


def matching_pictures(images: QuerySet[Image], query: Query) -> QuerySet[Image]:
    """Those of `images` that the query asks for, the last added first; of more than NEWEST none but these.

    With a join SQLite begins with the pictures where it knew of a few when it last looked, and searches once for each of them.
    """
    newest = "SELECT rowid FROM articles_picturetext WHERE articles_picturetext MATCH %s ORDER BY rowid DESC LIMIT %s"
    return images.filter(pk__in=RawSQL(newest, [expression(query), NEWEST])).order_by("-pk")  # noqa: S611  (as above)


def phrase_of(query: Query) -> str:
    """All that is wanted, in the order in which it was typed, as `has_phrase` takes it."""
    return f" {' '.join(query.tokens)} "


def has_phrase(phrase: str) -> Func:
    """Whether it stands in an entry; for a few entries."""
    words = "instr(' ' || %(expressions)s) > 0"
    return Func(F("words"), Value(phrase), template=words, output_field=BooleanField())


def expression(query: Query, *, in_head: bool = False) -> str:
    """In the language of FTS5. Every token is of letters and digits alone, and quoted all the same."""
    wanted = " AND ".join(_term(term, HEAD if in_head else "") for term in query.wanted)
    return "".join([f"({wanted})", *(f" NOT {_term(term, '')}" for term in query.unwanted)])


def _term(term: Term, mark: str) -> str:
    if term.words:
        return "(" + " OR ".join(f'"{mark}{token}"' for token in term.words) + ")"
    exact = '"' + " ".join(mark + token for token in term.tokens) + '"'
    return f'({exact} OR "{mark}{term.beginning}" *)' if term.beginning else exact
