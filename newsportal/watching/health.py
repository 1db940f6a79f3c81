"""Whether this process lives, and whether it should be sent requests.

A load balancer asks every few seconds, by an address and not by the site's name, and most of all when something is wrong. So both
are answered before all other middleware: no host is checked, nobody is redirected, no session is looked for.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from pathlib import Path

from django.core.files.storage import FileSystemStorage, default_storage
from django.db import DatabaseError, InterfaceError, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from newsportal.watching import numbers

#: After so many seconds a database that says nothing counts as one that is away.
PATIENCE = 2.0

Answer = Callable[[HttpRequest], HttpResponse]


def answer_watchers(get_response: Answer) -> Answer:
    """Middleware, the first of all: what machines ask that watch over this one."""
    answers = {"/healthz": healthz, "/readyz": readyz}
    if numbers.is_on():
        answers["/metrics"] = numbers.metrics

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = answers.get(request.path_info)
        if answer is None:
            return get_response(request)
        response = answer(request) if request.method in {"GET", "HEAD"} else HttpResponseNotAllowed(["GET", "HEAD"])
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return middleware


def healthz(request: HttpRequest) -> HttpResponse:
    """Liveness: the process answers. Nothing else is asked: a process is not killed because the database is away."""
    return _said("ok", 200)


def readyz(request: HttpRequest) -> HttpResponse:
    """Readiness: 200 `ready`, or 503 and the names of what is missing, within about PATIENCE.

    The cache is left out: the site works without it. So is S3, where pictures are read by browsers and not by this process.
    """
    missing = readiness.missing(within=PATIENCE)
    return _said(f"not ready: {', '.join(missing)}", 503) if missing else _said("ready", 200)


def _said(words: str, status: int) -> HttpResponse:
    return HttpResponse(f"{words}\n", content_type="text/plain; charset=utf-8", status=status)


class Readiness:
    """Looks in a thread of its own, one at a time: of a database that hangs, as many as ask wait for one connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._look: Future[list[str]] | None = None
        self._is_migrated = False

    def missing(self, within: float) -> list[str]:
        """The names of what keeps this process from answering: of `database`, `migrations`, `media`."""
        with self._lock:
            look = self._look
            if look is None or look.done():
                look = self._look = Future()
                try:
                    threading.Thread(target=self._run, args=(look,), name="readiness", daemon=True).start()
                except RuntimeError as error:  # no thread can be started; the next who asks tries again
                    look.set_exception(error)
        try:
            return look.result(within)
        except TimeoutError:
            return ["database"]

    def _run(self, look: Future[list[str]]) -> None:
        try:
            found = [name for name in (self._database(), _media()) if name]
        except Exception as error:
            look.set_exception(error)
        else:
            look.set_result(found)
        finally:
            connections.close_all()

    def _database(self) -> str:
        try:
            if not self._is_migrated:
                # Once true it stays so: migrations go forward, and a new version is a new process.
                self._is_migrated = not unapplied()
                return "" if self._is_migrated else "migrations"
            with connection.cursor() as cursor:
                # Not SELECT 1, for which SQLite does not look into the file.
                cursor.execute("SELECT id FROM django_migrations LIMIT 1")
                return "" if cursor.fetchone() else "migrations"
        except (DatabaseError, InterfaceError):
            return "database"


readiness = Readiness()


def unapplied() -> list[str]:
    """The migrations of this version that the database has not seen, as `app.name`. Raises DatabaseError."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in _of_this_version() if (app, name) not in applied)


@cache
def _of_this_version() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _media() -> str:
    return "" if takes_files() else "media"


def takes_files() -> bool:
    """Whether pictures can be written, as far as that can be told without writing; True where they are kept elsewhere."""
    if not isinstance(default_storage, FileSystemStorage):
        return True
    folder = Path(default_storage.location)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # it is made with the first picture
    return os.access(folder, os.W_OK | os.X_OK)
