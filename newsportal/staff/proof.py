"""Who is about to do what cannot be taken back says first that it is still them: a session that was stolen cannot.

What they have sent waits in the page that asks them and nowhere else: a thief shares the session, and would plant in it what its
owner then confirms.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import unquote, urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import get_script_prefix, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

PROVED_AT = "proved_at"
#: How long a login, or having said it again, is good for, in seconds.
GOOD_FOR = 15 * 60
#: In the address of a page that asks: what comes with it is what waits, and no answer yet.
ARRIVES = "waits"
#: In the form of that page: what waits, as a browser writes it.
WAITING = "_waiting"


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
    return None if is_fresh(request) else ask(request, keep=keep)


def ask(request: HttpRequest, *, keep: bool = True) -> HttpResponse:
    """As ask_again(), however lately they have said it."""
    ways: Any = _ways(request)
    if not ways:
        messages.error(request, "This account has neither a password nor a second factor of its own to confirm with.")
        return HttpResponseRedirect(reverse("admin:index"))
    waits = keep and request.method == "POST"
    query = {"next": request.get_full_path()} | ({ARRIVES: 1} if waits else {})
    # 307: the browser that has sent it brings it along.
    return HttpResponseRedirect(f"{ways[0]['url']}?{urlencode(query)}", preserve_request=waits)


def take(request: HttpRequest) -> str:
    """What waits for the answer that `request` asks for or gives; "" where nothing does. What only arrives asks for the page."""
    if request.method != "POST":
        return ""
    if ARRIVES not in request.GET:
        return request.POST.get(WAITING, "")
    waiting = request.POST.get(WAITING) or request.POST.urlencode()
    request.method, request.POST = "GET", QueryDict()
    return waiting


def restore(request: HttpRequest, address: str, waiting: str) -> bool:
    """Make of the answer what waited for it, as if it came now; False, and nothing done, where it was not for the desk."""
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return False
    place = urlsplit(address)
    if not place.path.startswith(reverse("admin:index")):
        return False
    request.method, request.path = "POST", unquote(place.path)
    request.path_info = "/" + request.path.removeprefix(get_script_prefix())
    request.META = request.META | {"PATH_INFO": request.path_info, "QUERY_STRING": place.query}
    request.GET, request.POST = QueryDict(place.query), QueryDict(waiting)
    request.resolver_match = resolve(request.path_info)
    return True


def _ways(request: HttpRequest) -> list[dict]:
    from allauth.account.adapter import get_adapter

    return get_adapter().get_reauthentication_methods(request.user)
