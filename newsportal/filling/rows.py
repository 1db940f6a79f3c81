"""Rows by the thousand: past the model's save(), so whoever gives them gives all that follows from them, too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models

from articles.models.search_entry import TokensField

Row = tuple[Any, ...]

#: SQLite, while much is written: pages stay in memory (here in KB) and are put in place once for many rows.
ROOM = {"cache_size": -256_000, "wal_autocheckpoint": 100_000}


@contextmanager
def roomy() -> Iterator[None]:
    """For a connection that writes millions of rows."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ROOM}
        for name, value in ROOM.items():
            cursor.execute(f"PRAGMA {name} = {value}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name, value in before.items():
                cursor.execute(f"PRAGMA {name} = {value}")


def reserve(model: type[models.Model], count: int) -> list[int]:
    """So many numbers that no row has or will get otherwise; to be used within the same transaction."""
    if not count:
        return []
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, count]
            )
            return [number for (number,) in cursor.fetchall()]
        # The transaction has the database to itself, and rows with a number of their own move the sequence on.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or (0,))[0]
        return list(range(last + 1, last + count + 1))


class Table:
    """Rows of a model that wait to be written. `fields`: what each row says, by the names of columns; the rest has its default.

    A number that is not given is the database's to give. Moments are in UTC.
    """

    def __init__(self, model: type[models.Model], *fields: str) -> None:
        by_column = {field.column: field for field in model._meta.concrete_fields}
        others = [field for name, field in by_column.items() if name not in fields and not field.primary_key]
        self.constants: Row = tuple(_stored(field)(field.get_default()) for field in others)
        given = [by_column[name] for name in fields]
        self.converters = [(n, _stored(field)) for n, field in enumerate(given) if _stored(field) is not _as_it_is]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(str(field.column)) for field in (*given, *others))
        self.table = model._meta.db_table
        self.into = f"{quote(self.table)} ({columns})"
        self.width = len(given) + len(others)
        self.rows: list[Row] = []

    def add(self, *row: Any) -> None:
        self.rows.append(row)

    def write(self) -> int:
        """All that waits, in one statement; how many there were."""
        rows, self.rows = self.rows, []
        if not rows:
            return 0
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {self.into} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(self._whole(row))
                connection.note_copied(self.table)  # type: ignore[attr-defined]
            else:
                places = ", ".join(["%s"] * self.width)
                cursor.executemany(f"INSERT INTO {self.into} VALUES ({places})", [self._whole(row) for row in rows])  # noqa: S608
        return len(rows)

    def _whole(self, row: Row) -> Row:
        if not self.converters:
            return (*row, *self.constants)
        values = [*row, *self.constants]
        for n, stored in self.converters:
            values[n] = stored(values[n])
        return tuple(values)


def _as_it_is(value: Any) -> Any:
    return value


def _stored(field: models.Field) -> Callable[[Any], Any]:
    """How the database has a value of this field."""
    if isinstance(field, models.JSONField):
        return json.dumps
    if isinstance(field, TokensField) and connection.vendor == "postgresql":
        return lambda words: field.get_db_prep_value(words, connection)
    if isinstance(field, models.DateTimeField) and connection.vendor == "sqlite":
        return _as_sqlite_has_it
    return _as_it_is


def _as_sqlite_has_it(moment: Any) -> str | None:
    # Without its "+00:00": as Django has it, and a tenth of the time that Django takes.
    return str(moment)[:-6] if moment else None
