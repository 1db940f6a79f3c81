"""What every response gets."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def database_unavailable(get_response: GetResponse) -> GetResponse:
    """Answer 503 with Retry-After when the database cannot be reached: the reader is told so, and comes back."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        logger.error("The database cannot be reached.", exc_info=exception)
        return render_unavailable(request)

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def render_unavailable(request: HttpRequest) -> HttpResponse:
    # Without the request: context processors would ask the database that is down.
    response = render(None, "503.html", status=503)
    response["Retry-After"] = "30"
    response["Cache-Control"] = "no-store"
    return response


def public_pages(get_response: GetResponse) -> GetResponse:
    """Public pages may be kept but are asked for again each time: what readers see is exact.

    A response that says something of its own about caching keeps it; one that sets or needs a cookie is never kept.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if "Cache-Control" not in response:
            personal = response.cookies or "Cookie" in response.get("Vary", "")
            if personal or request.method not in {"GET", "HEAD"} or response.status_code >= 500:
                patch_cache_control(response, no_store=True)
            else:
                patch_cache_control(response, public=True, no_cache=True)
        return response

    return middleware
