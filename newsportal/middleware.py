"""What every response gets."""

from __future__ import annotations

import datetime
import gzip
import logging
import re
import secrets
from collections.abc import Callable

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware, re_accepts_gzip
from django.middleware.http import ConditionalGetMiddleware
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers

from articles.caching import editions
from articles.editing.next_version import apply_due
from newsportal.page_cache.kept import WORTH_COMPRESSING, etag_of
from newsportal.page_cache.schedule import next_change
from newsportal.page_cache.wrapper import CHANGES_AT, SITE_NUMBER
from newsportal.staff.gate import is_at_desk

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

WITHOUT_STORIES = ("/static/", "/media/", "/favicon.ico")

#: A list of renditions as articles.pictures.markup writes it: the smallest first.
SRCSET = re.compile(rb' srcset="([^",]+), [^"]+"')

#: Nothing is planned.
FAR_AWAY = datetime.datetime.max.replace(tzinfo=datetime.UTC)

#: Of a text that is sent once: a third of the time that level 6 takes, for an answer that is a tenth to a sixth larger.
ONCE = 3
#: Up to so many letters more, so that the length of what is compressed does not say what is in it: https://breachattack.com/
PADDING = GZipMiddleware.max_random_bytes
HAS_NAME = b"\x08"

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def apply_due_changes(get_response: GetResponse) -> GetResponse:
    """What was to go live by now does so before anything is answered: its time is kept without any other process."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD"} and not request.path.startswith(WITHOUT_STORIES):
            try:
                apply_due()
            except DatabaseError:
                # The next request tries again; whether this one can be answered is its view's to say.
                logger.exception("What is due could not be applied.")
        return get_response(request)

    return middleware


def save_data(get_response: GetResponse) -> GetResponse:
    """Who asks to save data (https://wicg.github.io/savedata/) gets the smallest rendition of every picture.

    A page with pictures has two editions then, and says so by `Vary`; whoever keeps it keeps both.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        if b" srcset=" in response.content and not is_at_desk(request):
            patch_vary_headers(response, ["Save-Data"])
            if request.headers.get("Save-Data", "").strip().lower() == "on":
                response.content = SRCSET.sub(rb' srcset="\1"', response.content)
        return response

    return middleware


class QuickGzip(GZipMiddleware):
    """Django's, for answers that nobody keeps: to compress a page well was a quarter of what making it costs.

    What is kept is compressed well, once (newsportal.page_cache.kept). What is short, streamed, or compressed already is Django's.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not isinstance(response, HttpResponse) or len(response.content) < WORTH_COMPRESSING:
            return super().process_response(request, response)
        accepts = re_accepts_gzip.search(request.headers.get("Accept-Encoding", ""))
        if not accepts or "Content-Encoding" in response:
            return super().process_response(request, response)
        packed = _packed(response.content)
        if len(packed) >= len(response.content):
            return super().process_response(request, response)
        response.content = packed
        response["Content-Length"], response["Content-Encoding"] = str(len(packed)), "gzip"
        patch_vary_headers(response, ["Accept-Encoding"])
        if (etag := response.get("ETag", "")).startswith('"'):
            # These are other bytes than those that it was made of (RFC 9110, 8.8.1).
            response["ETag"] = f"W/{etag}"
        return response


def _packed(content: bytes) -> bytes:
    packed = gzip.compress(content, ONCE, mtime=0)
    # As a file with a name, which nobody reads (RFC 1952, 2.3).
    name = b"_" * secrets.randbelow(PADDING + 1) + b"\0"
    return packed[:3] + HAS_NAME + packed[4:10] + name + packed[10:]


class ConditionalGet(ConditionalGetMiddleware):
    """304 for who has the page already."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.method == "GET" and isinstance(response, HttpResponse) and self.needs_etag(response):
            response.headers.setdefault("ETag", etag_of(response.content))
        answer = super().process_response(request, response)
        if answer is not response:
            # A browser that has the page takes the headers of this answer for the page's (RFC 9111, 3.2): its policy, too.
            vars(answer).update({name: value for name, value in vars(response).items() if name.startswith("_csp")})
        return answer


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


def pages_that_change_by_themselves(get_response: GetResponse) -> GetResponse:
    """Tell whoever keeps a page until when it is true. Only the page cache around Django asks, and takes the header off."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if SITE_NUMBER not in request.META:
            return get_response(request)
        # What was planned by now; what is planned while the page is made touches it.
        begun_at = timezone.now()
        with editions.collecting() as moments:
            response = get_response(request)
        if editions.HEADER in response:
            moments.append(next_change(begun_at, request.META[SITE_NUMBER]) or FAR_AWAY)
            first = editions.first(moments, after=begun_at)
            if first not in {None, FAR_AWAY}:
                response[CHANGES_AT] = str(first.timestamp())
        return response

    return middleware
