"""What the links in our letters lead to. Looking changes nothing: mail programs look at links too."""

from __future__ import annotations

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from comments import notifications


# A mail program sends neither cookie nor token (RFC 8058, 3.1); the signature in the address is what counts.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET: a page with buttons. POST: no more notices about one comment (`only=this`), or none at all (one-click)."""
    try:
        comment = notifications.subscription(token)
    except (signing.BadSignature, ValueError, TypeError):
        return _answer(request, {"expired": True}, status=410)
    done = ""
    if request.method == "POST":
        done = "this" if request.POST.get("only") == "this" else "all"
        notifications.unsubscribe(comment, everything=done == "all")
    # Answered at once: a redirect is nothing that mail programs follow.
    return _answer(request, {"done": done, "token": token, "article": comment.article})


def _answer(request: HttpRequest, context: dict, status: int = 200) -> HttpResponse:
    response = render(request, "comments/unsubscribe.html", context, status=status)
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    patch_cache_control(response, no_store=True, private=True)
    return response


mail_urls = [path("unsubscribe/<str:token>/", unsubscribe, name="comment_unsubscribe")]
