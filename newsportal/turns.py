"""Pages are made one after the other in a process that reads SQLite.

Of Python's threads one runs at a time, and SQLite lets go of the interpreter with each row that it steps to. Where four threads
make pages side by side, most of what they cost is handing it to each other (docs/decisions/0034-pages-in-turn.md). A server
of its own, as PostgreSQL is, lets them wait for it instead, and one shall work while another one waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[..., Iterable[bytes]]

#: Seconds that a request waits for its turn, and then goes on out of turn: whoever has it does something long.
PATIENCE = 0.03


def in_turn(application: Application) -> Application:
    """Django's application, entered by one reading request at a time if the database is SQLite."""
    from django.db import connection

    return Turns(application) if connection.vendor == "sqlite" else application


class Turns:
    """Requests that may write never wait here, and nobody for them: a save waits for other saves, and an upload for its decoder."""

    def __init__(self, application: Application, *, patience: float = PATIENCE):
        self.application, self.patience = application, patience
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.application(environ, start_response)
        has_it = self._turn.acquire(timeout=self.patience)
        try:
            return self.application(environ, start_response)
        finally:
            if has_it:
                self._turn.release()
