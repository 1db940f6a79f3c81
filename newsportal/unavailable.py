"""While the database cannot be reached: a page that says so, with what was typed still there."""

from __future__ import annotations

import logging
from typing import NamedTuple

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.shortcuts import render

from articles import origin
from newsportal.middleware import GetResponse

logger = logging.getLogger(__name__)

#: Seconds until it is worth trying again.
RETRY_AFTER = 30
#: From this length on, or with more than one line, a value is something that somebody wrote, and is shown to them.
WRITTEN = 60
#: In names of fields whose values are not sent back: they are typed once more.
SECRET = ("password", "code")


class Typed(NamedTuple):
    name: str
    value: str
    is_written: bool


def database_unavailable(get_response: GetResponse) -> GetResponse:
    """Answer 503 with Retry-After when the database cannot be reached: the reader is told so, and loses nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answer_to(request, exception)

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def answer_to(request: HttpRequest, exception: BaseException | None) -> HttpResponse | None:
    """The page, where this exception says that the database cannot be reached."""
    if not isinstance(exception, OperationalError | InterfaceError):
        return None
    logger.error("The database cannot be reached.", exc_info=exception)
    return render_unavailable(request)


def render_unavailable(request: HttpRequest) -> HttpResponse:
    # Without the request: context processors would ask the database that is down.
    typed = typed_in(request)
    context = {"typed": typed, "address": request.get_full_path(), "files": bool(typed and request.FILES)}
    response = render(None, "503.html", context, status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    response["Cache-Control"] = "no-store"
    return response


def typed_in(request: HttpRequest) -> list[Typed]:
    """What one of our own forms has sent. What another site sends is not shown: its button would then be one of ours."""
    if request.method != "POST" or not origin.is_ours(request):
        return []
    try:
        sent = request.POST
    except (RawPostDataException, UnreadablePostError, SuspiciousOperation, BadRequest):
        return []
    return [
        Typed(name, value, len(value) >= WRITTEN or "\n" in value)
        for name, values in sent.lists()
        if not any(word in name.lower() for word in SECRET)
        for value in values
    ]
