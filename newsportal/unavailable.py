"""While the database cannot be reached, or has no time: a page that says so, with what was typed still there."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse

from newsportal import bare, typed
from newsportal.database import patience, troubles
from newsportal.middleware import GetResponse

logger = logging.getLogger(__name__)

#: Seconds until it is worth trying again.
RETRY_AFTER = 30


def database_unavailable(get_response: GetResponse) -> GetResponse:
    """Answer 503 with Retry-After when the database cannot be reached: the reader is told so, and loses nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with patience.in_one_request():
            return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answer_to(request, exception)

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def answer_to(request: HttpRequest, exception: BaseException | None) -> HttpResponse | None:
    """The page, where this exception says that it is worth trying again; None for what is broken, such as a missing table."""
    if is_busy := troubles.is_busy(exception):
        logger.error("The database is busy.", exc_info=exception)
    elif troubles.is_away(exception):
        logger.error("The database cannot be reached.", exc_info=exception)
    else:
        return None
    return render_unavailable(request, is_busy=is_busy)


def render_unavailable(request: HttpRequest, *, is_busy: bool) -> HttpResponse:
    fields = typed.sent_in(request)
    context = {"typed": fields, "address": request.get_full_path(), "files": bool(fields and request.FILES)}
    response = bare.answer("503.html", 503, is_busy=is_busy, **context)
    response["Retry-After"] = str(RETRY_AFTER)
    return response
