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
#: Who may turn text into HTML, by the names of the policies: for readers static/js/comments.js with what our server has sent;
#: at the desk static/js/desk/trusted-html.js, for Django's and the editor's scripts too, with what is on its lists.
REQUIRED = {"require-trusted-types-for": ["'script'"]}
FOR_READERS = REQUIRED | {"trusted-types": ["fragments"]}
AT_THE_DESK = REQUIRED | {"trusted-types": ["default", "desk-unread", "fragments"]}

#: Bytes of a request: the largest form of a reader is a comment. The desk takes a picture of 25 MB; to one of up to 100 it says so
#: beside the field, and what was typed is still there.
MOST_FROM_READERS, MOST_FROM_THE_DESK = 64 * 2**10, 100 * 2**20


class ContentSecurityPolicy(CSPMiddleware):
    """The policy of the settings, in one order, with who may turn text into HTML on this page."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        update = getattr(response, "_csp_update", None) or {}
        trusted = AT_THE_DESK if is_at_desk(request) else FOR_READERS
        response._csp_update = trusted | update  # type: ignore[attr-defined]
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
        at_desk = is_at_desk(request)
        most = MOST_FROM_THE_DESK if at_desk else MOST_FROM_READERS
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            length = 0
        if length > most:
            said = f"{most // 2**20} MB" if at_desk else f"{most // 2**10} KB"
            return render(request, "413.html", {"most": said, "is_at_desk": at_desk}, status=413)
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
