"""How often each key has been touched: the truth that kept pages are held against, in every process and on every machine.

The numbers are rows of the database, raised by the transaction that changes the content, just before it commits. So whoever reads
them after a change has returned finds them raised, however many processes there are and whichever of them are killed.
Reading them must cost next to nothing, which is why it goes past Django: one prepared statement on a connection of each thread.
"""

from __future__ import annotations

import mmap
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from newsportal.database.away import Away, KnownAway, away
from newsportal.database.observed import TABLE

#: Touched whenever any key is.
ANY = "any"
#: Touched by who commits without Redis, where there is one (newsportal.page_cache.redis_counters).
UNREACHED = "unreached"


#: A number for each key that was asked for.
Stamp = tuple[int, ...]


class Unreadable(Exception):
    """The numbers cannot be read: the database cannot be reached."""


class Counters(Protocol):
    def read(self, keys: Iterable[str]) -> Stamp:
        """How often each of the keys has been touched by now. Raises Unreadable."""

    def touch(self, connection: BaseDatabaseWrapper, keys: frozenset[str]) -> Callable[[], None]:
        """Touch the keys, and ANY, within the transaction that is about to commit; what is returned is called once it has."""


def _nothing() -> None:
    pass


class InDatabase:
    """The rows themselves."""

    def __init__(self, source: Source):
        self._source = source

    def read(self, keys: Iterable[str]) -> Stamp:
        return self._source.numbers(tuple(keys))

    def touch(self, connection: BaseDatabaseWrapper, keys: frozenset[str]) -> Callable[[], None]:
        raise_numbers(connection, keys)
        return _nothing


def raise_numbers(connection: BaseDatabaseWrapper, keys: frozenset[str]) -> dict[str, int]:
    """Raise the numbers of these keys, and of ANY, by one; returns what they are once the transaction is committed."""
    # In one order, as the last thing that a transaction does: two of them wait for each other here, but never in a ring.
    wanted = sorted(keys | {ANY})
    rows = ", ".join(["(%s, 1)"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (key, number) VALUES {rows} "  # noqa: S608
            f"ON CONFLICT (key) DO UPDATE SET number = {TABLE}.number + 1 RETURNING key, number",
            wanted,
        )
        return dict(cursor.fetchall())


class Source(Protocol):
    def numbers(self, keys: tuple[str, ...]) -> tuple[int, ...]: ...


class FromSqlite(threading.local):
    """Reads the file; asks for rows again only after something in the file has changed."""

    def __init__(self, name: str):
        self._name = name
        self._connection: sqlite3.Connection | None = None
        self._seen: bytes | int | None = None
        self._known: dict[str, int] = {}

    def numbers(self, keys: tuple[str, ...]) -> tuple[int, ...]:
        try:
            connection = self._connection or self._connect()
            # Before the rows: what is committed in between is in them, or is seen the next time.
            seen = self._header() or _data_version(connection)
            if seen != self._seen:
                self._known, self._seen = {}, seen
            known = self._known
            if not all(key in known for key in keys):
                marks = ", ".join("?" * len(keys))
                rows = connection.execute(f"SELECT key, number FROM {TABLE} WHERE key IN ({marks})", keys)  # noqa: S608
                known |= dict.fromkeys(keys, 0) | dict(rows.fetchall())
        except sqlite3.Error as error:
            self._connection = self._seen = None
            raise Unreadable from error
        return tuple([known[key] for key in keys])

    def _connect(self) -> sqlite3.Connection:
        connection = _open(self._name)
        self._header = wal_index_of(self._name).header
        self._connection = connection
        return connection


class WalIndex:
    """The header of a database's WAL index, which every commit writes as the last thing that it does and every reader begins
    with: https://sqlite.org/walformat.html#the_wal_index_header. It is looked at as SQLite looks at it, in memory that processes
    share: no system call, in which other threads would come in. A look that meets a commit half-way sees what has never been
    there and will not be there the next time, so the rows are asked for twice.

    One for each database in a process, and for ever. Its connection keeps the file there, and as long as it is. Its descriptor is
    never closed: a process that closes any descriptor of a file loses all locks that it has on it, those of SQLite as well
    (fcntl(2)).
    """

    SIZE = 48

    def __init__(self, name: str):
        self._keeper = _open(name, check_same_thread=False)
        self._memory: mmap.mmap | bytes = b""
        try:
            self._descriptor = os.open(f"{name}-shm", os.O_RDONLY)
        except OSError:  # its journal is another
            return
        with suppress(OSError, ValueError):  # it is not in memory that can be shared
            self._memory = mmap.mmap(self._descriptor, self.SIZE, prot=mmap.PROT_READ)

    def header(self) -> bytes:
        """Empty where there is none."""
        return self._memory[: self.SIZE]


_indexes: dict[str, WalIndex] = {}
_indexes_lock = threading.Lock()


def wal_index_of(name: str) -> WalIndex:
    with _indexes_lock:
        if name not in _indexes:
            _indexes[name] = WalIndex(name)
        return _indexes[name]


def _open(name: str, **options: Any) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=5, isolation_level=None, **options)
    connection.execute("PRAGMA query_only = 1")
    # Read once: it is among the readers of the index from now on.
    connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
    return connection


def _data_version(connection: sqlite3.Connection) -> int:
    """Another number after any commit of any other connection: https://sqlite.org/pragma.html#pragma_data_version"""
    return connection.execute("PRAGMA data_version").fetchone()[0]


class FromPostgresql(threading.local):
    def __init__(self, parameters: dict[str, Any], away: Away):
        self._parameters = parameters
        self._away = away
        self._connection: Any = None

    def numbers(self, keys: tuple[str, ...]) -> tuple[int, ...]:
        import psycopg

        from newsportal.database.postgresql.patient import Connection

        try:
            if self._connection is None or self._connection.closed:
                with self._away.connecting():
                    self._connection = Connection.connect(**self._parameters | {"connect_timeout": 3}, autocommit=True)
            statement = f"SELECT key, number FROM {TABLE} WHERE key = ANY(%s)"  # noqa: S608
            found = dict(self._connection.execute(statement, [list(keys)], prepare=True).fetchall())
        except (psycopg.Error, KnownAway) as error:
            if self._connection is not None:
                if self._connection.is_silent:
                    self._away.notice()
                self._connection.close()
                self._connection = None
            raise Unreadable from error
        return tuple(found.get(key, 0) for key in keys)


def source_of(alias: str = "default") -> Source:
    connection = connections[alias]
    if connection.vendor == "sqlite":
        return FromSqlite(str(connection.settings_dict["NAME"]))
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name not in {"pool", "context", "cursor_factory", "prepare_threshold"}
    }
    return FromPostgresql(parameters, away(alias))


@cache
def counters() -> Counters:
    """Those of this process."""
    in_database = InDatabase(source_of())
    if "redis" in settings.CACHES["default"]["BACKEND"].lower() and settings.PAGE_CACHE:
        from newsportal.page_cache.redis_counters import InRedis

        return InRedis(in_database)
    return in_database
