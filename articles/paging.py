"""Pages by key: page 10,000 of a list costs what page 1 costs.

A cursor names the last story that was seen by its place in the order, `(publish_at, pk)`; the next page is a range of the
index from there, and stories published meanwhile neither repeat nor skip others.
"""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from articles.models import Article
from articles.models.article import ArticleQuerySet

PAGE_SIZE = 20
#: Where the time and the number of a story stand, where a list is not another table's.
OF_STORIES = ("publish_at", "pk")

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
MICROSECOND = datetime.timedelta(microseconds=1)


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
            return cls(EPOCH + int(moment) * MICROSECOND, int(pk))
        except (ValueError, OverflowError, binascii.Error):
            raise Http404("There is no such page of this list.") from None

    def __str__(self) -> str:
        moment = (self.publish_at - EPOCH) // MICROSECOND
        return base64.urlsafe_b64encode(f"{moment}.{self.pk}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Page:
    """`items` newest first; the addresses are relative (`?before=…`), "" where there is nothing more that way."""

    items: list[Article]
    newer_url: str = ""
    older_url: str = ""


def page_of(
    articles: ArticleQuerySet,
    params: Mapping[str, str],
    *,
    key: tuple[str, str] = OF_STORIES,
    size: int = PAGE_SIZE,
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
) -> Page:
    """The page that `?before=` or `?after=` in `params` asks for, of those of these stories that are public; Http404 for a cursor
    that is none.

    `key`: where the time and the number of a story stand in the index that serves this list. `since`, `until`: the first and the
    last moment that it is of.
    """  # fmt: skip
    moment, pk = key
    before, after = params.get("before"), params.get("after")
    first, last = since, min(filter(None, (timezone.now(), until)))
    beyond = Q()
    if after and not before:
        cursor = Cursor.read(after)
        first = max(filter(None, (since, cursor.publish_at)))
        beyond = Q(**{f"{moment}__gt": cursor.publish_at}) | Q(**{f"{pk}__gt": cursor.pk})
    elif before:
        cursor = Cursor.read(before)
        last = min(last, cursor.publish_at)
        beyond = Q(**{f"{moment}__lt": cursor.publish_at}) | Q(**{f"{pk}__lt": cursor.pk})
    # One bound at each end, and the nearest: SQLite begins where the first that it is given lies, and would read from the present
    # down to a page of years ago.
    is_own = key == OF_STORIES
    articles = articles.public(last) if is_own else articles.public().filter(**{f"{moment}__lte": last})
    if first:
        articles = articles.filter(**{f"{moment}__gte": first})
    if after and not before:
        found = list(articles.filter(beyond).order_by(moment, pk)[: size + 1])
        items, more = found[:size][::-1], len(found) > size
        return Page(items, _link("after", items[0]) if more else "", _link("before", items[-1]) if items else "")
    found = list(articles.filter(beyond).order_by(f"-{moment}", f"-{pk}")[: size + 1])
    items, more = found[:size], len(found) > size
    return Page(items, _link("after", items[0]) if before and items else "", _link("before", items[-1]) if more else "")


def _link(direction: str, article: Article) -> str:
    return f"?{direction}={Cursor.of(article)}"
