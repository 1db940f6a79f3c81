"""Pages that need neither the database nor a session: for when these may be what is wrong, or when somebody is refused."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse

from articles.http.origin import is_for_a_script
from newsportal import typed
from newsportal.staff import proof
from newsportal.staff.gate import is_at_desk


def answer(template: str, status: int, **context: Any) -> HttpResponse:
    # Without the request: context processors would ask what may be broken.
    site = {"site_name": settings.SITE_NAME, "logo": settings.SITE_LOGO, "language": settings.LANGUAGE_CODE}
    response = render(None, template, site | context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def not_understood(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer("400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Also to who was allowed to write when they began: what they have typed is not gone."""
    if not is_at_desk(request):
        return answer("403.html", 403)
    return answer("403.html", 403, desk=reverse("admin:index"), written=written_in(request))


def deleted(request: HttpRequest, *, back: str) -> HttpResponse | None:
    """What was sent to a thing that is gone, with the way `back` to its list; None where nothing was written."""
    written = written_in(request)
    return answer("404_deleted.html", 404, back=back, written=written) if written else None


def without_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form of an old page (https://docs.djangoproject.com/en/5.2/ref/settings/#csrf-failure-view): what was typed comes back.

    With another token, and only where the browser says that a page of ours has sent it.
    """
    sent = {field.name: field.value for field in typed.sent_in(request)}
    if waiting := sent.get(proof.WAITING):
        proof.restore(request, sent.get(REDIRECT_FIELD_NAME, ""), waiting)
    is_out = is_at_desk(request) and not request.user.is_authenticated
    return _given_back("403_csrf.html", request, login=reverse("admin:login") if is_out else "")


def logged_out(request: HttpRequest) -> HttpResponse | None:
    """What a form of the desk has sent after its sender's login had ended; None where nothing was written, or a script asks."""
    if is_for_a_script(request) or not any(field.is_written for field in typed.sent_in(request)):
        return None
    return _given_back("403_logged_out.html", request, login=reverse("admin:login"))


def written_in(request: HttpRequest) -> list[typed.Typed]:
    """What somebody has typed, to be copied where it cannot be sent again."""
    return [field for field in typed.sent_in(request) if field.is_written]


def _given_back(template: str, request: HttpRequest, **context: Any) -> HttpResponse:
    """403, with what was typed in a form that can be sent again, where somebody has written something."""
    fields = [field for field in typed.sent_in(request) if field.name != "csrfmiddlewaretoken"]
    return answer(
        template, 403,
        typed=fields if any(field.is_written for field in fields) else [],
        address=request.get_full_path(), files=bool(fields and request.FILES), token=get_token(request), **context,
    )  # fmt: skip
