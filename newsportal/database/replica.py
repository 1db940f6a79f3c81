"""Reading from a copy of the database that follows it, where `DATABASE_REPLICA_URL` names one: pages for readers, and nothing else.

A copy is always a little behind, and what is old must not be kept as new. The numbers of what has been touched
(newsportal.page_cache.counters) are rows and follow like all others, in the order of the commits: a copy whose number of ANY is
that of the original has all that was to be seen when the request came. So it is asked for its number first, and one that lags is
not read from.
Who may have written something themselves (a cookie says so), who opens what is for them alone, and whatever writes, gets the
original.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from newsportal.page_cache.counters import ANY, Source, Unreadable, counters, source_of
from newsportal.page_cache.wrapper import ANY_NUMBER

logger = logging.getLogger(__name__)

ALIAS = "replica"
#: What is answered from the original each time: what shows rows whose writes raise no number, since no kept page shows them. A
#: link from a letter may be opened in the second in which it arrives, by a browser that has no cookie; a version of a story that
#: is withheld for reasons of law is withheld from all at once; and a crawler that is forbidden something reads so.
FROM_THE_ORIGINAL = re.compile(
    rf"/(?:{re.escape(settings.ADMIN_PATH)}|preview/|comments/(?:confirm|received|unsubscribe|yours)/"
    r"|(?:robots|ads|trust)\.txt|\.well-known/|[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+/versions/)"
)

_reading: ContextVar[bool] = ContextVar("reading_from_replica", default=False)


class Router:
    """https://docs.djangoproject.com/en/5.2/topics/db/multi-db/#automatic-database-routing"""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return ALIAS if _reading.get() else None

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True  # it is the same database

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "default"


def read_from_replica(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, inside of all that writes: whether the view reads from the copy."""
    if ALIAS not in settings.DATABASES:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"} or request.COOKIES or FROM_THE_ORIGINAL.match(request.path):
            return get_response(request)
        if not _has_followed(request.META.get(ANY_NUMBER)):
            return get_response(request)
        token = _reading.set(True)
        try:
            return get_response(request)
        finally:
            _reading.reset(token)

    return middleware


def _has_followed(number: int | None) -> bool:
    try:
        if number is None:
            (number,) = counters().read((ANY,))
        return _source().numbers((ANY,))[0] >= number
    except Unreadable:
        logger.warning("The replica, or what it follows, cannot be reached.")
        return False


@cache
def _source() -> Source:
    return source_of(ALIAS)
