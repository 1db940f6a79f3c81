"""What the rest of the site asks of search."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from types import ModuleType

from django.db import connection, models
from django.utils import timezone
from django.utils.safestring import SafeString

from articles import body
from articles.bylines import bring_bylines
from articles.caching.prepared import Prepared, Row
from articles.models import Article, Byline, Contributor, Image, SearchEntry, Section, Tag, TaggedArticle
from articles.models.article_queryset import ArticleQuerySet
from articles.newsroom_time import midnight
from articles.paging import PAGE_SIZE
from articles.search import postgresql, spelling, sqlite
from articles.search.beginnings import spelt_out
from articles.search.entries import key_of
from articles.search.highlight import excerpt, highlight
from articles.search.query import Query, parse
from articles.search.ranking import Candidate, ranked

#: Of what a query finds, the newest so many are ranked, and as many of those that have all words in their head, however old. A
#: query that finds no more is ranked whole; by date all can be paged through.
RANKED = 500
#: The desk's lists show the newest so many.
AMONG = 1_000
#: Of so many stories that a search is narrowed to the numbers are told beforehand. Of more a page is full after a small part of the
#: archive.
SOME = 100_000

#: Of a story's entry what a Candidate is made of, in its order.
ENTRY = ("pk", "search_entry__key", "search_entry__headline", "search_entry__standfirst", "search_entry__names")

CURSOR = re.compile(r"^(\d{1,6})\.(\d{1,19})$")


class Sort(models.TextChoices):
    RELEVANCE = "relevance", "Best match"
    DATE = "date", "Newest"


@dataclass(frozen=True)
class Scope:
    """Which stories are asked for, apart from words. Days are the newsroom's, the last one included."""

    section: Section | None = None
    kind: str = ""
    tag: Tag | None = None
    contributor: Contributor | None = None
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None

    def stories(self) -> tuple[ArticleQuerySet, list[int] | None]:
        """Public ones, at the moment of asking; and numbers among which theirs are, if it is narrowed to SOME.

        A common word is looked for from the newest story on until a page is full: for somebody who has written three stories that
        would be the whole archive.
        """
        found = Article.objects.public()
        if self.section:
            found = found.filter(section=self.section)
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.tag:
            found = found.filter(tagged__tag=self.tag)
        if self.contributor:
            found = found.filter(models.Exists(self.contributor.bylines.filter(article=models.OuterRef("pk"))))
        return found, self._numbers()

    def _numbers(self) -> list[int] | None:
        in_section = Article.objects.public().filter(section=self.section)
        # Not by kind, which no index begins with: to find these would be to read the stories.
        for is_asked, stories in (
            (self.contributor, Byline.objects.filter(contributor=self.contributor).values_list("article", flat=True)),
            (self.tag, TaggedArticle.objects.filter(tag=self.tag).values_list("content_object", flat=True)),
            (self.section, in_section.values_list("pk", flat=True)),
        ):
            if is_asked and (numbers := _up_to(SOME, stories)) is not None:
                return numbers
        return None

    def keys(self) -> tuple[int, int]:
        """From the first key on, and below the second."""
        low = key_of(midnight(self.first_day)) if self.first_day else 0
        after = self.last_day + datetime.timedelta(days=1) if self.last_day and self.last_day.year < 9999 else None
        return low, key_of(midnight(after)) if after else 2**63 - 1


@dataclass(frozen=True)
class Result:
    """A story with what was looked for marked: `headline` and `words` are HTML; `words` from its text, else its standfirst.

    Each is made when it is asked for: a page of results that was shown before is in its pieces (articles.caching.pieces).
    """

    story: Row
    query: Query

    @property
    def article(self) -> Article:
        return self.story.instance

    @property
    def headline(self) -> SafeString:
        return highlight(self.story["headline"], self.query)

    @property
    def words(self) -> SafeString:
        text = body.plain_text(self.story["body"])
        return excerpt(text, self.query) or highlight(self.story["standfirst"], self.query)


@dataclass(frozen=True)
class Found:
    """A page of results. `total` is None for more than RANKED; cursors are "" where there is nothing more that way."""

    results: list[Result] = field(default_factory=list)
    total: int | None = 0
    before: str = ""
    after: str = ""
    suggestion: str = ""


def find(
    query: Query, scope: Scope = Scope(), *, sort: str = Sort.RELEVANCE, before: str = "", after: str = "", size: int = PAGE_SIZE
) -> Found:  # fmt: skip
    """The page of public stories below the cursor `before`, or above `after`; the first page for a cursor that is none.

    As many queries for any archive, and one less where all that is found is ranked. When nothing is found, `suggestion` is the
    query in words that do find something.
    """
    if not query:
        return Found()
    query = spelt_out(query)
    with _back_end().asking():
        rows, total = (_by_date if sort == Sort.DATE else _by_relevance)(query, scope, before, after, size)
        if total == 0:
            return Found(suggestion=_suggestion(query, scope))
    return Found(_results(query, [number for _, _, number in rows.items]), total, rows.before, rows.after)


def newest(query: Query, limit: int, scope: Scope = Scope()) -> list[Article]:
    """The newest public stories that a query finds, with all that a list shows; for feeds."""
    if not query:
        return []
    query = spelt_out(query)
    low, high = scope.keys()
    stories, numbers = scope.stories()
    found = _back_end().matching(stories, query, low=low, high=high, numbers=numbers)
    numbers = _numbers(found, limit)
    return list(Article.objects.public().with_surroundings().filter(pk__in=numbers).newest_first())


def among(articles: ArticleQuerySet, text: str, limit: int = AMONG) -> ArticleQuerySet:
    """Those of `articles`, public or not, that have these words; the last one may be only begun."""
    query = spelt_out(parse(text, last_is_begun=True))
    if not query:
        return articles.none()
    stories = articles.order_by().select_related(None)
    is_narrowed = bool(articles.query.where)
    numbers = _up_to(SOME, stories.values_list("pk", flat=True)) if is_narrowed else None
    found = _back_end().matching(stories, query, numbers=numbers)
    return articles.filter(pk__in=_numbers(found, limit))


def among_pictures(images: models.QuerySet[Image], text: str, limit: int = AMONG) -> models.QuerySet[Image]:
    """Those of `images` that have these words; the last one may be only begun."""
    query = spelt_out(parse(text, last_is_begun=True))
    if not query:
        return images.none()
    found = _back_end().matching_pictures(images.order_by().select_related(None), query)
    return images.filter(pk__in=_numbers(found, limit))


def _up_to(most: int, stories: models.QuerySet) -> list[int] | None:
    """The numbers of these stories, asked for in whatever order; None for more than `most`."""
    numbers = set(stories.order_by()[: most + 1])
    return sorted(numbers) if len(numbers) <= most else None


def _numbers(found: models.QuerySet, limit: int) -> list[int]:
    with _back_end().asking():
        return list(found.values_list("pk", flat=True)[:limit])


Place = tuple[int, int, int]


@dataclass(frozen=True)
class _Places:
    """(score, key, number of the story) of a page, and its cursors."""

    items: list[Place]
    before: str
    after: str

    @classmethod
    def of(cls, items: list[Place], *, more_after: bool, more_before: bool) -> _Places:
        # "before" leads on to what comes below in the order, as in all lists.
        return cls(items, _cursor(items[-1]) if more_before else "", _cursor(items[0]) if more_after else "")


def _by_relevance(query: Query, scope: Scope, before: str, after: str, size: int) -> tuple[_Places, int | None]:
    low, high = scope.keys()
    back_end, (stories, numbers) = _back_end(), scope.stories()
    candidates: dict[int, Candidate] = {}
    for in_head in (False, True):
        found = back_end.matching(stories, query, in_head=in_head, low=low, high=high, numbers=numbers)
        # Their entries come along: to look them up again costs as much as to find them.
        some = [Candidate(*row) for row in found.values_list(*ENTRY)[: RANKED + 1]]
        candidates |= {candidate.number: candidate for candidate in some[:RANKED]}
        if not in_head:
            total = len(some) if len(some) <= RANKED else None
        if total is not None:
            break  # all are here, those with the words in their head among them
    rows = ranked(list(candidates.values()), query, _with_phrase(query, list(candidates)))
    below, above = _place(before), _place(after)
    if below:
        rest = [row for row in rows if row[:2] < below]
    elif above:
        rest = [row for row in rows if row[:2] > above][-size:]
    else:
        rest = rows
    items = rest[:size]
    if not items:
        return _Places([], "", ""), total
    return _Places.of(items, more_after=items[0] != rows[0], more_before=items[-1] != rows[-1]), total


def _with_phrase(query: Query, numbers: list[int]) -> set[int]:
    """Those of these stories that have all that is wanted side by side: of a single word nobody asks it."""
    if len(query.tokens) < 2 or not numbers:
        return set()
    rows = _entries(keys=numbers, phrase=_back_end().phrase_of(query))
    return {number for number, has_it in rows if has_it}


def _by_date(query: Query, scope: Scope, before: str, after: str, size: int) -> tuple[_Places, int | None]:
    low, high = scope.keys()
    back_end, (stories, numbers) = _back_end(), scope.stories()
    counted = back_end.matching(stories, query, low=low, high=high, numbers=numbers).values_list("pk", flat=True)[
        : RANKED + 1
    ]
    total = len(counted) if len(counted) <= RANKED else None
    below, above = _place(before), _place(after)
    upwards = above is not None and below is None
    if below:
        high = min(high, below[1])
    elif above:
        low = max(low, above[1] + 1)
    found = back_end.matching(stories, query, low=low, high=high, oldest_first=upwards, numbers=numbers)
    rows = [(0, key, number) for key, number in found.values_list("key", "pk")[: size + 1]]
    more, items = len(rows) > size, rows[:size]
    if upwards:
        items.reverse()
    if not items:
        return _Places([], "", ""), total
    return _Places.of(items, more_after=more if upwards else bool(below), more_before=upwards or more), total


_entries = Prepared(
    lambda keys, phrase: (
        SearchEntry.objects.filter(pk__in=keys)
        .annotate(has_it=_back_end().has_phrase(phrase))
        .values_list("pk", "has_it")
    ),
    keys=list[int], phrase=str,
)  # fmt: skip
_public = Prepared(
    lambda keys, now: Article.objects.public(now).for_cards("body").filter(pk__in=keys),
    keys=list[int], now=datetime.datetime,
)  # fmt: skip


def _results(query: Query, numbers: list[int]) -> list[Result]:
    # Public once more: what was withdrawn since the first question is not shown.
    stories = {story.pk: story for story in _public.rows(keys=numbers, now=timezone.now())} if numbers else {}
    bring_bylines(stories.values())
    return [Result(stories[number], query) for number in numbers if number in stories]


def _suggestion(query: Query, scope: Scope) -> str:
    """The query with its misspelt words mended, if readers find something by it: no draft gives a word away."""
    plain = [term.typed for term in query.wanted if not (term.is_phrase or term.quoted or term.beginning)]
    mended = spelling.instead_of(plain)
    if not mended:
        return ""
    stories, numbers = scope.stories()
    for attempt in range(spelling.BEST):
        text = query.typed({word: close[min(attempt, len(close) - 1)] for word, close in mended.items()})
        if _back_end().matching(stories, spelt_out(parse(text)), numbers=numbers).values_list("pk", flat=True)[:1]:
            return text
    return ""


def _back_end() -> ModuleType:
    return postgresql if connection.vendor == "postgresql" else sqlite


def _cursor(row: Place) -> str:
    return f"{row[0]}.{row[1]}"


def _place(cursor: str) -> tuple[int, int] | None:
    match = CURSOR.match(cursor)
    if not match or (key := int(match[2])) >= 2**63 - 1:
        return None
    return int(match[1]), key
