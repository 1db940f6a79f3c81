"""What a page shows, named: by what pages say of themselves, and by what is said of a write.

A page that may be kept names the *keys* of all that it shows (`shows`); a write that readers can see touches the keys of what it
changes (`touching`). Whoever keeps pages (newsportal.page_cache) brings the two together; nobody else has to know.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http.response import HttpResponseBase

#: What stands around or in every page: sections, tags, contributors, pictures, adverts, the banner, and what is scheduled.
SITE = "site"
#: Which stories any list has, and in which order: for who cannot say which lists a write moves stories in.
LISTS = "lists"
#: The same of the lists of all stories: front page, latest, archive, sitemaps.
NEWEST = "newest"
#: What lists say of any of them, and how many comments and readers any of them has: for lists that do not name those they show.
CARDS, COUNTS = "cards", "counts"
#: All that are not of one story, or of one list.
OF_MANY = frozenset({SITE, LISTS, NEWEST, CARDS, COUNTS})

#: Where a response says what it shows, in the form that caches have agreed on.
HEADER = "Surrogate-Key"


def of_story(pk: int) -> str:
    """The key of one story's page."""
    return f"story-{pk}"


def of_card(pk: int) -> str:
    """The key of what lists say of one story."""
    return f"card-{pk}"


def of_count(pk: int) -> str:
    """The key of how many comments one story has."""
    return f"count-{pk}"


def of_list(kind: str, pk: int) -> str:
    """The key of which stories one section, tag … has, and in which order."""
    return f"{kind}-{pk}"


def shows(response: HttpResponseBase, *keys: str) -> None:
    """Let this page be kept until one of the keys is touched; every page shows the SITE."""
    response[HEADER] = " ".join(dict.fromkeys((SITE, *keys)))


# --- What a write touches ---------------------------------------------------------------------------------------------

_touching: ContextVar[frozenset[str] | None] = ContextVar("touching", default=None)


@contextmanager
def touching(*keys: str) -> Iterator[None]:
    """Writes within touch these keys, and those of `touching` around it, and nothing else; no key: readers see none of it.

    A write outside touches whatever its table can show: forgetting this costs a cache, never a stale page.
    """
    token = _touching.set((_touching.get() or frozenset()) | frozenset(keys))
    try:
        yield
    finally:
        _touching.reset(token)


@contextmanager
def afresh() -> Iterator[None]:
    """As if no `touching` were around this: for what is done after a transaction, and only happens to be called within."""
    token = _touching.set(None)
    try:
        yield
    finally:
        _touching.reset(token)


def said_to_touch() -> frozenset[str] | None:
    """What `touching` says here; None where it says nothing."""
    return _touching.get()


# --- When a page changes by itself ------------------------------------------------------------------------------------

_moments: ContextVar[list[datetime.datetime] | None] = ContextVar("moments", default=None)


def changes_at(moment: datetime.datetime | None) -> None:
    """Say, while a page is made, that it shows something else from this moment on."""
    moments = _moments.get()
    if moments is not None and moment is not None:
        moments.append(moment)


@contextmanager
def collecting() -> Iterator[list[datetime.datetime]]:
    """The moments that `changes_at` says within."""
    moments: list[datetime.datetime] = []
    token = _moments.set(moments)
    try:
        yield moments
    finally:
        _moments.reset(token)


def first(moments: Iterable[datetime.datetime | None], after: datetime.datetime) -> datetime.datetime | None:
    """The earliest of these moments that is yet to come; None: none is."""
    return min((moment for moment in moments if moment is not None and moment > after), default=None)
