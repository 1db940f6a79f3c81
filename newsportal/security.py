"""What a response lets a browser do, and how much a request may send."""

from __future__ import annotations

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from newsportal.middleware import GetResponse
from newsportal.staff.gate import is_at_desk

HEADER = "Content-Security-Policy"
#: Our own scripts turn text into HTML by this policy alone (static/js/comments.js). The desk's come from Django and TipTap,
#: which do not know of it.
TRUSTED_TYPES = {"require-trusted-types-for": ["'script'"], "trusted-types": ["fragments"]}

#: Bytes of a request: the largest form of a reader is a comment. The desk takes a picture of 25 MB; to one of up to 100 it says so
#: beside the field, and what was typed is still there.
MOST_FROM_READERS, MOST_FROM_THE_DESK = 64 * 2**10, 100 * 2**20


class ContentSecurityPolicy(CSPMiddleware):
    """The policy of the settings, in one order, and a stricter one for what readers see."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not is_at_desk(request):
            update = getattr(response, "_csp_update", None) or {}
            response._csp_update = TRUSTED_TYPES | update  # type: ignore[attr-defined]
        response = super().process_response(request, response)
        if HEADER in response:
            # django-csp follows the hash seed, which differs from process to process.
            response[HEADER] = "; ".join(sorted(response[HEADER].split("; ")))
        return response


def limited_bodies(get_response: GetResponse) -> GetResponse:
    """Answer 413 to what is larger than anything that we take, before any of it is read.

    Without a Content-Length Django reads nothing at all.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        most = MOST_FROM_THE_DESK if is_at_desk(request) else MOST_FROM_READERS
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > most:
            return render(request, "413.html", {"most": most}, status=413)
        return get_response(request)

    return middleware


def contained(get_response: GetResponse) -> GetResponse:
    """Other sites may link to what we send and show our pictures, and use nothing else of it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        shared = (
            request.path_info.startswith((settings.MEDIA_URL, settings.STATIC_URL)) or "/feed/" in request.path_info
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if shared else "same-origin")
        return response

    return middleware
