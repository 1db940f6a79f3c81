"""What an error of the database means: is it away, is it busy, or is it asked for what it does not have?

Django's OperationalError is all three: a server that is gone, a lock that was waited for too long, a migration that has not been
run. What the driver said, which is its cause, tells them apart.
"""

from __future__ import annotations

import sqlite3

from django.db import Error, InterfaceError, OperationalError

#: Of PostgreSQL, by class: connections, resources, an operator's interference, the system
#: (https://www.postgresql.org/docs/current/errcodes-appendix.html).
AWAY_CLASSES = ("08", "53", "57", "58")
#: A transaction that lost against others, and a lock that was not to be had in time.
BUSY_STATES = frozenset({"40001", "40P01", "55P03"})
#: It is read and takes no writes: hosts switch it to that while its disk is almost full, and a standby is so. Of the class of
#: what a program does wrong, and for Django no OperationalError.
READ_ONLY = "25006"

#: What PostgreSQL says to whom it takes no more, of all, of a role or database, or beside those kept for its superusers.
NO_ROOM = ("too many clients already", "too many connections for", "connection slots are reserved")

#: Of SQLite (https://sqlite.org/rescode.html).
AWAY_CODES = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY})
BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})


def of_driver(error: BaseException) -> BaseException | None:
    """What psycopg or sqlite3 has said; None where neither has."""
    found = error.__cause__ if isinstance(error, Error) else error
    is_ours = isinstance(found, sqlite3.Error) or type(found).__module__.startswith("psycopg")
    return found if is_ours else None


def is_away(error: BaseException | None) -> bool:
    """Whether the database cannot be reached, or can do nothing just now: it is worth trying again."""
    said = of_driver(error) if error else None
    if _state(said) == READ_ONLY:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    if said is None:
        return True  # our own refusal to try: Django raises none of these by itself
    if isinstance(said, sqlite3.Error):
        return _code(said) in AWAY_CODES
    # Without a state it was said on this side of the wire: nobody has answered, or not in time.
    return (state := _state(said)) is None or state.startswith(AWAY_CLASSES)


def is_busy(error: BaseException | None) -> bool:
    """Whether others were in the way: it is worth trying again."""
    if not isinstance(error, OperationalError) or (said := of_driver(error)) is None:
        return False
    return _code(said) in BUSY_CODES if isinstance(said, sqlite3.Error) else _state(said) in BUSY_STATES


def has_no_room(error: BaseException | None) -> bool:
    """Whether a server that is there has as many connections as it takes (53300).

    It is known by its words alone, since libpq passes no state on of a connection that was refused; of a server that speaks
    another language it is not known.
    """
    return _state(error) == "53300" or any(words in str(error) for words in NO_ROOM)


def _code(said: BaseException) -> int | None:
    """The primary one; None for what Python says by itself."""
    code = getattr(said, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _state(said: BaseException | None) -> str | None:
    return getattr(said, "sqlstate", None)
