"""Rows by the thousand: past the model's save(), so whoever gives them gives all that follows from them, too."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection, models

from articles.models.search_entry import TokensField

Row = tuple[Any, ...]

#: SQLite, while much is written: pages stay in memory (here in KB) and are put in place once for many rows.
ROOM = {"cache_size": "-256000", "wal_autocheckpoint": "100000"}
#: PostgreSQL, for this connection alone: nobody waits for the disk, and indexes are sorted in memory.
ROOM_OF_A_SERVER = {"synchronous_commit": "off", "maintenance_work_mem": "512MB", "jit": "off"}


@contextmanager
def roomy() -> Iterator[None]:
    """For a connection that writes millions of rows."""
    if connection.vendor == "sqlite":
        ask, tell, room = "PRAGMA {}", "PRAGMA {} = {}", ROOM
    else:
        ask, tell, room = "SHOW {}", "SET {} = '{}'", ROOM_OF_A_SERVER
    with connection.cursor() as cursor:
        before = {}
        for name, value in room.items():
            cursor.execute(ask.format(name))
            before[name] = cursor.fetchone()[0]
            cursor.execute(tell.format(name, value))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name, value in before.items():
                cursor.execute(tell.format(name, value))


def reserve(model: type[models.Model], count: int) -> range:
    """So many numbers, one after the other, that no row has or will get otherwise."""
    if not count:
        return range(0)
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            draw = (
                "SELECT min(number), max(number) FROM (SELECT nextval(pg_get_serial_sequence(%s, %s)) AS number "
                "FROM generate_series(1, %s)) AS drawn"
            )
            while True:
                cursor.execute(draw, [table, column, count])
                first, last = cursor.fetchone()
                if last - first == count - 1:  # else somebody drew one in between
                    return range(first, last + 1)
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        last = found[0] if found else 0
        if not found:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, 0)", [table])
        cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [last + count, table])
        return range(last + 1, last + count + 1)


class Stored(NamedTuple):
    """Rows of a table as its database takes them: many of `width` values, or PostgreSQL's text format of COPY."""

    table: str
    columns: str
    width: int
    rows: list[Row] | bytes

    def write(self) -> None:
        """In one statement."""
        quoted = connection.ops.quote_name(self.table)
        with connection.cursor() as cursor:
            if isinstance(self.rows, bytes):
                with cursor.copy(f"COPY {quoted} ({self.columns}) FROM STDIN") as copy:
                    copy.write(self.rows)
                connection.note_copied(self.table)  # type: ignore[attr-defined]
            else:
                places = ", ".join(["%s"] * self.width)
                cursor.executemany(f"INSERT INTO {quoted} ({self.columns}) VALUES ({places})", self.rows)  # noqa: S608


class Table:
    """Rows of a model that wait to be taken. `fields`: what each row says, by the names of columns; the rest has its default.

    A number that is not given is the database's to give. Moments are in UTC. No database is asked.
    """

    def __init__(self, model: type[models.Model], *fields: str) -> None:
        by_column = {field.column: field for field in model._meta.concrete_fields}
        others = [field for name, field in by_column.items() if name not in fields and not field.primary_key]
        given = [by_column[name] for name in fields]
        self.is_copied = connection.vendor == "postgresql"
        self.converters = [(n, convert) for n, field in enumerate(given) if (convert := _converter(field))]
        self.constants: Row = tuple((_converter(field) or _as_it_is)(field.get_default()) for field in others)
        quote = connection.ops.quote_name
        self.columns = ", ".join(quote(str(field.column)) for field in (*given, *others))
        self.table, self.width = model._meta.db_table, len(given) + len(others)
        self.rows: list[Row] = []

    def add(self, *row: Any) -> None:
        self.rows.append(row)

    def take(self) -> Stored:
        """All that waits."""
        rows, self.rows = self.rows, []
        stored = self._copied(rows) if self.is_copied else self._listed(rows)
        return Stored(self.table, self.columns, self.width, stored)

    def _listed(self, rows: list[Row]) -> list[Row]:
        constants, converters = self.constants, self.converters
        found = []
        for row in rows:
            values = [*row, *constants]
            for n, convert in converters:
                values[n] = convert(values[n])
            found.append(tuple(values))
        return found

    def _copied(self, rows: list[Row]) -> bytes:
        """https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2"""
        end = "".join(["\t" + _told(value) for value in self.constants]) + "\n"
        converters, told = self.converters, TOLD.get
        lines = []
        for row in rows:
            if converters:
                values = list(row)
                for n, convert in converters:
                    values[n] = convert(values[n])
                row = values  # type: ignore[assignment]
            lines.append("\t".join([told(type(value), _told_otherwise)(value) for value in row]) + end)
        return "".join(lines).encode()


def _as_it_is(value: Any) -> Any:
    return value


def _converter(field: models.Field) -> Callable[[Any], Any] | None:
    """What makes of a value what the database has; None where that is the value itself."""
    if isinstance(field, models.JSONField):
        return json.dumps
    if isinstance(field, TokensField):
        return _words if connection.vendor == "postgresql" else None
    if connection.vendor == "postgresql":
        return None
    if isinstance(field, models.DateTimeField):
        return _as_sqlite_has_it
    if isinstance(field, models.DateField):
        return _text
    # A choice is text and more: plain text is what goes from process to process.
    return _text if field.choices else None


def _words(tokens: str) -> str:
    return TokensField().get_db_prep_value(tokens, connection)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


@lru_cache(maxsize=10_000)
def _as_sqlite_has_it(moment: Any) -> str | None:
    # Without its "+00:00": as Django has it, and a tenth of the time that Django takes.
    return str(moment)[:-6] if moment else None


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", r"\\")
    if "\n" in text:
        text = text.replace("\n", r"\n")
    if "\t" in text:
        text = text.replace("\t", r"\t")
    return text.replace("\r", r"\r") if "\r" in text else text


def _told_otherwise(value: Any) -> str:
    return _escaped(str(value))


def _told(value: Any) -> str:
    return TOLD.get(type(value), _told_otherwise)(value)


#: How COPY is told of values of each type.
TOLD: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: r"\N",
    bool: lambda value: "t" if value else "f",
    int: str,
    str: _escaped,
    datetime.datetime: lru_cache(maxsize=10_000)(str),
}
