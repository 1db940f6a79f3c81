"""Each request that Django answers has a name: in the log, in the answer's header, and on the page that says that it broke."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from logging import getLogger

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from articles.http.network import is_trusted, read_address

logger = getLogger(__name__)

HEADER = "X-Request-ID"
#: What a proxy may call a request: a UUID, or nginx's $request_id. Not what would break a line of a log.
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")

GetResponse = Callable[[HttpRequest], HttpResponse]


def current() -> str:
    """Of the request that is being answered here; "" beside all requests."""
    return _current.get()


def name_requests(get_response: GetResponse) -> GetResponse:
    """Middleware, outside of all that may fail."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = _current.set(_given(request) or secrets.token_hex(8))
        try:
            response = get_response(request)
            response[HEADER] = _current.get()
            return response
        finally:
            _current.reset(token)

    return middleware


def log_requests(get_response: GetResponse) -> GetResponse:
    """Middleware: one line for each request that Django answers. What the page cache answers is only counted."""
    if not settings.LOG_REQUESTS:
        raise MiddlewareNotUsed

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        milliseconds = round((time.perf_counter() - began) * 1000, 1)
        extra = {"request": request, "status_code": response.status_code, "milliseconds": milliseconds}
        logger.info("Answered", extra=extra)
        return response

    return middleware


def _given(request: HttpRequest) -> str:
    """By whoever stands before us, where that is a trusted proxy: a name from anywhere else is a stranger's text."""
    name = request.headers.get(HEADER, "")
    if not WELL_FORMED.fullmatch(name):
        return ""
    sender = read_address(request.META.get("REMOTE_ADDR", ""))
    return name if sender and is_trusted(sender) else ""
