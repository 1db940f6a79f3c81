"""May this form be believed to come from a page of ours?

The form under a story carries no token, so that the page is the same for everyone and sets no cookie. A browser says in
headers that no page can forge where a request comes from; whoever cannot show that gets a page with a token first.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from articles.http.origin import is_ours

__all__ = ["has_token", "is_ours"]


def has_token(request: HttpRequest) -> bool:
    """Whether it carries a valid CSRF token."""
    return "csrfmiddlewaretoken" in request.POST and _TokenCheck(_never).process_view(request, _never, (), {}) is None


class _TokenCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def _never(request: HttpRequest) -> HttpResponse:
    raise AssertionError("Only the check of the middleware is used.")
