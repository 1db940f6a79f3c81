"""Where staff are logged in: listed for themselves, and ended one by one, all others, or with the password.

A row is written at login, and again at most every few minutes by each process: reading at the desk writes nothing else, and is
not hindered where nothing can be written.
"""

from __future__ import annotations

import datetime
import logging
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from articles.http.network import address_of
from newsportal.database import patience
from newsportal.staff.models import StaffSession

logger = logging.getLogger(__name__)

#: In the session: the number of its row.
ROW = "staff_session"
#: How exactly "last seen" is known, in seconds.
EVERY = 300
LONGEST = 10_000
#: Seconds that a page of the desk waits to note it: while somebody else writes it is noted later.
BRIEFLY = 0.5

#: When this process has last said of a session that it was seen.
_seen: dict[str, float] = {}


def begin(request: HttpRequest, user: User) -> None:
    session = StaffSession.objects.create(
        user=user, session_key=_key(request), address=_address(request), browser=_browser(request)
    )
    request.session[ROW] = session.pk
    _note(session.session_key)


def renew(request: HttpRequest) -> None:
    """Another key for this browser, in all of its windows: whoever has a copy of its cookie is logged out."""
    request.session.cycle_key()
    StaffSession.objects.filter(pk=request.session.get(ROW, 0)).update(session_key=request.session.session_key)


def still_counts(request: HttpRequest, user: User) -> bool:
    """False for a session that has been ended elsewhere. Notes, every few minutes, that it was seen."""
    key = request.session.session_key or ""
    if time.monotonic() - _seen.get(key, -EVERY) < EVERY:
        return True
    if (row := request.session.get(ROW)) and not StaffSession.objects.filter(pk=row, user=user).exists():
        return False
    try:
        with patience.of(BRIEFLY), transaction.atomic():
            still = _seen_now(request, user, key)
    except DatabaseError:
        # A full disk, or a writer that takes long: who reads is not to be hindered, and is told on the page what is wrong.
        logger.warning("It could not be noted who is at the desk.", exc_info=True)
        still = True
    if still:
        _note(key)
    return still


def _seen_now(request: HttpRequest, user: User, key: str) -> bool:
    if ROW not in request.session:
        # Of before there was this list.
        begin(request, user)
        return True
    # By its number: the key is another one after the password was changed here.
    rows = StaffSession.objects.filter(pk=request.session[ROW], user=user)
    return bool(rows.update(session_key=key, seen_at=timezone.now(), address=_address(request)))


def _note(key: str) -> None:
    if len(_seen) >= LONGEST:
        _seen.clear()
    _seen[key] = time.monotonic()


def of(user: User) -> QuerySet[StaffSession]:
    """Newest first; what has run out is left out."""
    since = timezone.now() - datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return StaffSession.objects.filter(user=user, seen_at__gt=since).order_by("-seen_at", "-pk")


def end(sessions: QuerySet[StaffSession]) -> list[StaffSession]:
    """Log out there, at once; returns which they were."""
    ended = list(sessions)
    for session in ended:
        SessionStore(session.session_key).delete()
    StaffSession.objects.filter(pk__in=[session.pk for session in ended]).delete()
    return ended


def end_others(user: User, request: HttpRequest | None) -> list[StaffSession]:
    """All of a person's but this one. A copy of its cookie is one of the others."""
    sessions = StaffSession.objects.filter(user=user)
    if request is not None and getattr(request, "user", None) == user:
        sessions = sessions.exclude(pk=request.session.get(ROW, 0))
        renew(request)
    return end(sessions)


def forget(now: datetime.datetime | None = None) -> None:
    """What has run out."""
    old = (now or timezone.now()) - datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE)
    StaffSession.objects.filter(seen_at__lt=old).delete()
    SessionStore.clear_expired()


def _key(request: HttpRequest) -> str:
    if request.session.session_key is None:
        request.session.create()
    key: Any = request.session.session_key
    return key


def _address(request: HttpRequest) -> str | None:
    address = address_of(request)
    return str(address) if address else None


#: What a browser's name for itself holds, and what people call it. The first that is found: most name others as well.
BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "Vivaldi": "Vivaldi", "SamsungBrowser": "Samsung Internet", "FxiOS": "Firefox",
    "Firefox": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "CrOS": "ChromeOS", "Windows": "Windows",
    "Mac OS X": "macOS", "Linux": "Linux",
}  # fmt: skip


def _browser(request: HttpRequest) -> str:
    """“Firefox on Windows”: enough to know one's own again."""
    agent = request.headers.get("User-Agent", "")
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return " on ".join(filter(None, [browser, system])) or agent[:60]
