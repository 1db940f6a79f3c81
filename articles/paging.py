"""Pages by key: page 10,000 of a list costs what page 1 costs.

A cursor names the last story that was seen by its place in the order, `(publish_at, pk)`; the next page is a range of the
index from there, and stories published meanwhile neither repeat nor skip others.
"""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from articles.caching.prepared import Prepared, Row
from articles.models import Article
from articles.models.article_queryset import ArticleQuerySet

PAGE_SIZE = 20
#: As it was read, or as an instance.
Story = TypeVar("Story", Row, Article)
#: Where the time and the number of a story stand, where a list is not another table's.
OF_STORIES = ("publish_at", "pk")

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)


def just_before(moment: datetime.datetime) -> datetime.datetime:
    """The last moment before it. In UTC: a zone's clock that goes back at midnight shows the hour before it twice, and reckoning by
    that clock ends at the first.
    """  # fmt: skip
    return moment.astimezone(datetime.UTC) - MICROSECOND


@dataclass(frozen=True)
class Cursor:
    publish_at: datetime.datetime
    pk: int

    @classmethod
    def of(cls, article: Article) -> Cursor:
        assert article.publish_at is not None, "only published stories stand in lists"
        return cls(article.publish_at, article.pk)

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Raises Http404 for what `str()` has not written: such a page does not exist."""
        try:
            moment, pk = base64.urlsafe_b64decode(text.encode("ascii") + b"==").decode("ascii").split(".")
            if not 0 < int(pk) < 2**63:
                raise ValueError(pk)
            cursor = cls(EPOCH + int(moment) * MICROSECOND, int(pk))
            # Decoding passes over foreign characters, and each spelling would be another page, and be kept as one.
            if str(cursor) != text:
                raise ValueError(text)
            return cursor
        except (ValueError, OverflowError, binascii.Error):
            raise Http404("There is no such page of this list.") from None

    def __str__(self) -> str:
        moment = (self.publish_at - EPOCH) // MICROSECOND
        return base64.urlsafe_b64encode(f"{moment}.{self.pk}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Page(Generic[Story]):
    """`items` newest first; the addresses are relative (`?before=…`), "" where there is nothing more that way."""

    items: list[Story]
    newer_url: str = ""
    older_url: str = ""


@dataclass(frozen=True)
class Window:
    """What is asked for of a list: its moments up to `last` and, if they are given, from `first` on; beyond `cursor`, on the side
    of the newer ones or of the older.
    """

    last: datetime.datetime
    first: datetime.datetime | None = None
    cursor: Cursor | None = None
    newer: bool = False

    @classmethod
    def asked(
        cls, params: Mapping[str, str], since: datetime.datetime | None, until: datetime.datetime | None
    ) -> Window:
        """Raises Http404 for a cursor that is none."""
        before, after = params.get("before"), params.get("after")
        # One bound at each end, and the nearest: SQLite begins where the first that it is given lies, and would read from the
        # present down to a page of years ago.
        last = min(filter(None, (timezone.now(), until)))
        if before:
            cursor = Cursor.read(before)
            return cls(min(last, cursor.publish_at), since, cursor)
        if after:
            cursor = Cursor.read(after)
            return cls(last, max(filter(None, (since, cursor.publish_at))), cursor, newer=True)
        return cls(last, since)

    def values(self) -> dict[str, Any]:
        """What `narrowed` is given."""
        told: dict[str, Any] = {"last": self.last}
        if self.first:
            told["first"] = self.first
        if self.cursor:
            told |= {"moment": self.cursor.publish_at, "pk": self.cursor.pk}
        return told

    def page(self, found: list[Story], size: int) -> Page[Story]:
        """Of up to size + 1 stories, which `narrowed` has found."""
        items, more = found[:size], len(found) > size
        if self.newer:
            items.reverse()
            return Page(items, _link("after", items[0]) if more else "", _link("before", items[-1]) if items else "")
        newer_url = _link("after", items[0]) if self.cursor and items else ""
        return Page(items, newer_url, _link("before", items[-1]) if more else "")


def narrowed(
    articles: ArticleQuerySet,
    key: tuple[str, str],
    *,
    newer: bool,
    last: datetime.datetime,
    now: datetime.datetime | None = None,
    first: datetime.datetime | None = None,
    moment: datetime.datetime | None = None,
    pk: int | None = None,
) -> ArticleQuerySet:
    """The public ones of these stories that a window shows, the nearest to its cursor first.

    `key`: where the time and the number of a story stand in the index that serves this list.
    """
    at, number = key
    found_elsewhere = key != OF_STORIES
    articles = articles.public_of_those_found(now) if found_elsewhere else articles.public(last)
    bounds = Q(**{f"{at}__lte": last}) if found_elsewhere else Q()
    if first:
        bounds &= Q(**{f"{at}__gte": first})
    if moment:
        beyond = "gt" if newer else "lt"
        bounds &= Q(**{f"{at}__{beyond}": moment}) | Q(**{f"{number}__{beyond}": pk})
    # All in one: another filter() would be about another row of the same tag, joined once more.
    articles = articles.filter(bounds)
    return articles.order_by(at, number) if newer else articles.order_by(f"-{at}", f"-{number}")


def page_of(
    articles: ArticleQuerySet,
    params: Mapping[str, str],
    *,
    key: tuple[str, str] = OF_STORIES,
    size: int = PAGE_SIZE,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
) -> Page[Article]:
    """The page that `?before=` or `?after=` in `params` asks for, of those of these stories that are public; Http404 for a cursor
    that is none.

    `since`, `until`: the first and the last moment that it is of.
    """  # fmt: skip
    window = Window.asked(params, since, until)
    found = narrowed(articles, key, newer=window.newer, **window.values())
    return window.page(list(found[: size + 1]), size)


class Listing:
    """Pages of the stories that `build` makes of its parameters, of the types `kinds`, as rows for cards (caching.prepared)."""

    def __init__(self, build: Callable[..., ArticleQuerySet], *, key: tuple[str, str] = OF_STORIES, **kinds: type):
        self.build, self.key, self.kinds = build, key, kinds
        self._prepared: dict[tuple[Any, ...], Prepared] = {}

    def page(
        self,
        params: Mapping[str, str],
        *,
        since: datetime.datetime | None = None,
        until: datetime.datetime | None = None,
        **values: Any,
    ) -> Page[Row]:
        """As `page_of`."""
        window = Window.asked(params, since, until)
        bounds = window.values() | ({} if self.key == OF_STORIES else {"now": timezone.now()})
        shape = (window.newer, *bounds)
        if shape not in self._prepared:
            self._prepared[shape] = self._of(window.newer, list(bounds))
        return window.page(self._prepared[shape].rows(**bounds, **values), PAGE_SIZE)

    def _of(self, newer: bool, bounds: list[str]) -> Prepared:
        def build(**values: Any) -> ArticleQuerySet:
            own = {name: values[name] for name in self.kinds}
            stories = self.build(**own).for_cards()
            return narrowed(stories, self.key, newer=newer, **{name: values[name] for name in bounds})[: PAGE_SIZE + 1]

        return Prepared(build, **self.kinds, **{name: int if name == "pk" else datetime.datetime for name in bounds})


def _link(direction: str, story: Article | Row) -> str:
    cursor = Cursor(story["publish_at"], story.pk) if isinstance(story, Row) else Cursor.of(story)
    return f"?{direction}={cursor}"
