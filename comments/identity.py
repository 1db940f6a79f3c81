"""Who is writing: what a signed cookie proves, never what somebody types.

The cookie lives under /comments/ alone, so a browser never sends it with a reading page, and every reading page stays the
same for everyone. It holds a random number for the browser and, once an address has been confirmed in this browser, the
guest whose address it is.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core import signing
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from articles.http.network import LINE
from comments.keyed import keyed_hash
from comments.models import Comment, Commenter
from comments.models.comment import MAX_NAME_LENGTH
from comments.network import network_hash

if TYPE_CHECKING:
    from django.contrib.auth.models import User

COOKIE, COOKIE_PATH, COOKIE_AGE = "reader", "/comments/", 365 * 24 * 3600
COOKIE_SALT, CONFIRM_SALT = "comments.reader", "comments.confirm"
CONFIRM_FOR = 24 * 3600


@dataclass(frozen=True)
class Reader:
    """Who sends this request: one of the staff, a guest whom the cookie proves, or a browser that is nobody yet."""

    browser_id: str
    network: str = ""
    commenter: Commenter | None = None
    user: User | None = None
    #: A keyed hash of all the networks that the sender may have; empty where nothing more is known than the one.
    line: str = ""

    @property
    def browser(self) -> str:
        return keyed_hash("browser", self.browser_id)

    @property
    def person(self) -> str:
        """A keyed hash of what counts as one person: an account, a proved guest, or all unknown browsers of a network."""
        if self.user:
            return keyed_hash("person", f"user {self.user.pk}")
        if self.commenter:
            return keyed_hash("person", f"guest {self.commenter.pk}")
        return keyed_hash("person", f"network {self.network}")

    @property
    def name_at_the_desk(self) -> str:
        """Under which name one of the staff writes: the full one, and never an address, which some have for a username."""
        user = self.user
        names = [user.get_full_name(), user.get_username()] if user else []
        return next((name for name in names if name and "@" not in name), settings.SITE_NAME)[:MAX_NAME_LENGTH]

    @property
    def own(self) -> Q:
        """The comments that are theirs: sent by this browser as a stranger, or by the guest or account that is proved.

        What was written as a guest or from the desk is not the browser's: it ends with the cookie or login that proves it.
        """
        own = Q(browser=self.browser, is_proved=False, author=None)
        if self.commenter:
            own |= Q(commenter=self.commenter, is_proved=True)
        if self.user:
            own |= Q(author=self.user)
        return own

    def owns(self, comment: Comment) -> bool:
        return (
            (comment.browser == self.browser and not comment.is_proved and not comment.is_staff)
            or (self.commenter is not None and comment.commenter_id == self.commenter.pk and comment.is_proved)
            or (self.user is not None and comment.author_id == self.user.pk)
        )


def reader_of(request: HttpRequest) -> Reader:
    """The sender of a request. A cookie that is not whole, or that the guest has ended since, proves nothing."""
    user = request.user if request.user.is_authenticated and request.user.is_staff else None
    browser_id, commenter = "", None
    try:
        known = signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE_SALT, max_age=COOKIE_AGE)
        browser_id = known["browser"]
        if known.get("guest"):
            commenter = Commenter.objects.filter(
                pk=known["guest"], token_version=known["version"], verified_at__isnull=False
            ).first()
            if commenter is None:
                browser_id = ""  # ended: whoever holds a copy of the cookie is a browser like any other
    except (signing.BadSignature, KeyError, TypeError):
        pass
    browser_id = browser_id or secrets.token_urlsafe(16)
    return Reader(browser_id, network_hash(request), commenter, user, network_hash(request, LINE))


def remember(response: HttpResponse, reader: Reader) -> None:
    """Give this browser the cookie that says who it is."""
    known: dict[str, Any] = {"browser": reader.browser_id}
    if reader.commenter:
        known |= {"guest": reader.commenter.pk, "version": reader.commenter.token_version}
    response.set_cookie(
        COOKIE, signing.dumps(known, salt=COOKIE_SALT), max_age=COOKIE_AGE, path=COOKIE_PATH, httponly=True,
        secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
    )  # fmt: skip


def forget(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Lax")


def confirmation_token(commenter: Commenter) -> str:
    """What a link to the address carries: good for CONFIRM_FOR seconds, and until the guest ends it."""
    return signing.dumps([commenter.pk, commenter.token_version], salt=CONFIRM_SALT)


def commenter_confirmed_by(token: str) -> Commenter | None:
    """The guest whose address such a link was sent to; None when it is forged, too old or ended."""
    try:
        pk, version = signing.loads(token, salt=CONFIRM_SALT, max_age=CONFIRM_FOR)
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return Commenter.objects.filter(pk=pk, token_version=version).exclude(email="").first()
