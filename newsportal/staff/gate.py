"""Before the desk: from where it can be reached, which sessions still count, and who has to set up a second factor first."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from articles.http.origin import is_for_a_script
from newsportal.staff import proof, second_factor, sessions
from newsportal.staff.networks import may_come_from

GetResponse = Callable[[HttpRequest], HttpResponse]

#: What is open to who has to set up a second factor: beneath the desk's address.
OPEN_WITHOUT = ("account/", "login/", "logout/", "password_change/", "jsi18n/")
#: Screens on which nothing is changed or handed out by who has not said lately that it is still them. True: they are not
#: opened either, since a secret is typed there.
PROVED = {
    "auth_user_add": True, "auth_user_password_change": True, "auth_user_change": False, "auth_user_delete": False,
    "auth_user_changelist": False, "auth_user_second_factor": False, "auth_group_add": False, "auth_group_change": False,
    "auth_group_delete": False, "auth_group_changelist": False, "comments_commenter_privacy": False,
}  # fmt: skip
NOWHERE = "/-"
#: In the session: where somebody was going who had to set one up first.
GOING_TO = "going_to"


def is_at_desk(request: HttpRequest) -> bool:
    # Without its slash it would be led to the desk, and give it away.
    return f"{request.path_info}/".startswith(f"/{settings.ADMIN_PATH}")


def desk_networks(get_response: GetResponse) -> GetResponse:
    """Outside of ADMIN_NETWORKS the desk is an address like any other at which there is nothing."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if is_at_desk(request) and not may_come_from(request.META):
            # Asked for what is nowhere: to the last header it is what others get who do.
            request.path = request.path_info = NOWHERE
        return get_response(request)

    return middleware


def staff_gate(get_response: GetResponse) -> GetResponse:
    """Who is logged in counts as staff on conditions, at the desk and on every other page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given: Any = request.user
        if not is_at_desk(request):
            # Asked for by few pages, and by none that is kept.
            request.user = SimpleLazyObject(partial(_elsewhere, request, given))  # type: ignore[assignment]
            return get_response(request)
        response = stopped(request, given) or get_response(request)
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        return response

    def process_view(request: HttpRequest, *args: Any) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if name not in PROVED or not is_at_desk(request) or not request.user.is_authenticated:
            return None
        has_secret = PROVED[name]
        if request.method in {"GET", "HEAD"} and not has_secret:
            return None
        return proof.ask_again(request, keep=not has_secret)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        # allauth's own screens ask by it, and allauth would keep what was sent in the session.
        if not isinstance(exception, ReauthenticationRequired):
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return proof.ask(request)

    middleware.process_view = process_view  # type: ignore[attr-defined]
    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware


def stopped(request: HttpRequest, user: Any) -> HttpResponse | None:
    """Who has no business at this address of the desk yet, and where they are led to."""
    if not (user.is_authenticated and user.is_staff):
        return None
    if not sessions.still_counts(request, user):
        logout(request)
        return None
    beneath = request.path_info.removeprefix(f"/{settings.ADMIN_PATH}")
    if beneath.startswith(OPEN_WITHOUT) or not second_factor.is_missing(user):
        return None
    if request.method == "GET" and not is_for_a_script(request) and "json" not in request.headers.get("Accept", ""):
        request.session[GOING_TO] = request.get_full_path()
    return HttpResponseRedirect(reverse("mfa_index"))


def _elsewhere(request: HttpRequest, given: Any) -> Any:
    """On readers' pages, where moderators have buttons, staff who would not get into the desk are nobody."""
    if not (given.is_authenticated and given.is_staff):
        return given
    counts = (
        may_come_from(request.META) and sessions.still_counts(request, given) and not second_factor.is_missing(given)
    )
    return given if counts else AnonymousUser()
