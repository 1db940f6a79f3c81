"""What a response lets a browser do, and how much a request may send."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from articles.body.embeds import EMBED_FRAME_ORIGINS
from newsportal.middleware import GetResponse
from newsportal.staff.gate import is_at_desk

HEADER = "Content-Security-Policy"
#: Who may turn text into HTML, by the names of the policies: for readers static/js/comments.js with what our server has sent;
#: at the desk static/js/desk/trusted-html.js, for Django's and the editor's scripts too, with what is on its lists.
REQUIRED = {"require-trusted-types-for": ["'script'"]}
FOR_READERS = REQUIRED | {"trusted-types": ["fragments"]}
AT_THE_DESK = REQUIRED | {"trusted-types": ["default", "desk-unread", "fragments"]}

#: Nothing may be framed but on a page on which a reader can ask for it: from these, and once its button has been pressed.
FRAMES = {"frame-src": sorted(EMBED_FRAME_ORIGINS)}
#: What stands in such a page (articles.body.render), and in nothing that a reader has typed: that has no elements.
EMBED = b'<figure class="embed" data-embed-frame="'

#: Bytes of a request: the largest form of a reader is a comment. Of one that is far too long the form itself says so, with what was
#: typed still there: four times as many letters as fit are 240 KB, since one takes up to 12 bytes. The desk takes a picture of
#: 25 MB; to one of up to 100 it says so beside the field, and what was typed is still there.
MOST_FROM_READERS, MOST_FROM_THE_DESK = 256 * 2**10, 100 * 2**20


class ContentSecurityPolicy(CSPMiddleware):
    """The policy of the settings, in one order, with who may turn text into HTML on this page.

    What nearly every response says is put together once: django-csp does so for each, which is a quarter of what a page costs that
    shows next to nothing.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        at_desk = is_at_desk(request)
        if not says_more(request, response):
            response.headers.setdefault(HEADER, policy(at_desk))
            # As django-csp has it: a nonce that comes now would be in no header.
            request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]
            return response
        update = getattr(response, "_csp_update", None) or {}
        response._csp_update = _trusted(at_desk) | update  # type: ignore[attr-defined]
        response = super().process_response(request, response)
        if HEADER in response:
            response[HEADER] = in_order(response[HEADER])
        return response


def says_more(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether a response has a policy of its own: a nonce is in it, or what its view has said to django-csp. Django's own pages
    for whoever develops have none.
    """  # fmt: skip
    has_nonce = getattr(request, "_csp_nonce", None) is not None
    return settings.DEBUG or has_nonce or any(name.startswith("_csp") for name in vars(response))


@cache
def policy(at_desk: bool) -> str:
    return in_order(build_policy(update=_trusted(at_desk)))


@cache
def _trusted(at_desk: bool) -> dict[str, list[str]]:
    """With where pictures come from, which is in no view's hands."""
    return (AT_THE_DESK if at_desk else FOR_READERS) | {"img-src": pictures_from()}


def pictures_from() -> list[str]:
    """The origin of pictures, by the addresses that their storage gives them; none where that is this site.

    The storage is asked, since its library alone knows whether a bucket is part of the host or of the path. It asks nobody.
    Raises ImproperlyConfigured where it has no address for them.
    """
    try:
        origin = origin_of(default_storage.url("picture"))
    except Exception as problem:  # each storage has exceptions of its own
        raise ImproperlyConfigured(
            f"Pictures have no address: look at S3_BUCKET, S3_REGION, S3_ENDPOINT_URL and S3_CUSTOM_DOMAIN ({problem})."
        ) from problem
    return [origin] if origin else []


def origin_of(address: str) -> str:
    """Scheme and host, as a policy names them; "" for an address on this site."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def may_show(origin: str) -> bool:
    """Whether pages let browsers show pictures that come from there; "": from this site."""
    for directive in policy(False).split("; "):
        name, *allowed = directive.split()
        if name == "img-src":
            return origin in allowed or (origin in {"", settings.SITE_URL} and "'self'" in allowed)
    return False


def forget(**kwargs: Any) -> None:
    """What was put together from settings and storage."""
    policy.cache_clear()
    _trusted.cache_clear()


# Settings do not change while a site runs, but from test to test.
setting_changed.connect(forget, dispatch_uid="newsportal.security")


def in_order(policy: str) -> str:
    """django-csp follows the hash seed, which differs from process to process."""
    return "; ".join(sorted(policy.split("; ")))


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


def frames_for_embeds(get_response: GetResponse) -> GetResponse:
    """Let a page with something to embed frame it. To be nearer to the view than what compresses pages."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not response.streaming and EMBED in response.content:
            response._csp_update = getattr(response, "_csp_update", {}) | FRAMES  # type: ignore[attr-defined]
        return response

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
