"""Did this request come from a page of ours?

The form under a story carries no token, so that the page is the same for everyone and sets no cookie. A browser says in
headers that no page can forge where a request comes from; whoever cannot show that gets a page with a token first.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


def is_ours(request: HttpRequest) -> bool:
    """Whether the browser vouches that one of our own pages sent this (W3C Fetch Metadata; the Origin header, RFC 6454)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and origin == f"{request.scheme}://{request.get_host()}"


def has_token(request: HttpRequest) -> bool:
    """Whether it carries a valid CSRF token."""
    return "csrfmiddlewaretoken" in request.POST and _TokenCheck(_never).process_view(request, _never, (), {}) is None


class _TokenCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def _never(request: HttpRequest) -> HttpResponse:
    raise AssertionError("Only the check of the middleware is used.")
