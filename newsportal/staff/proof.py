"""Who is about to do what cannot be taken back says first that it is still them: a session that was stolen cannot."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.reauthentication import suspend_request
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode

PROVED_AT = "proved_at"
#: How long a login, or having said it again, is good for, in seconds.
GOOD_FOR = 15 * 60


def note(request: HttpRequest) -> None:
    """They have just shown a password, a code or a passkey."""
    request.session[PROVED_AT] = time.time()


def is_fresh(request: HttpRequest | None) -> bool:
    if request is None or not request.user.is_authenticated:
        return False
    age = time.time() - request.session.get(PROVED_AT, 0)
    return 0 <= age < GOOD_FOR


def ask_again(request: HttpRequest, *, keep: bool = True) -> HttpResponse | None:
    """Where to say it, or None where it was said lately. What was sent goes on by itself afterwards.

    `keep=False` for a form with a secret, which must not be kept: it is opened anew.
    """
    if is_fresh(request):
        return None
    ways: Any = _ways(request)
    if not ways:
        messages.error(request, "This account has neither a password nor a second factor of its own to confirm with.")
        return HttpResponseRedirect(reverse("admin:index"))
    if keep:
        return suspend_request(request, ways[0]["url"])
    return HttpResponseRedirect(f"{ways[0]['url']}?{urlencode({'next': request.get_full_path()})}")


def _ways(request: HttpRequest) -> list[dict]:
    from allauth.account.adapter import get_adapter

    return get_adapter().get_reauthentication_methods(request.user)
