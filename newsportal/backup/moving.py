"""From SQLite to PostgreSQL: a newspaper that has outgrown one machine takes all that it has along (decision 44)."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Field, Model
from psycopg.sql import SQL, Identifier
from tqdm import tqdm

from newsportal.backup import BackupError, postgresql
from newsportal.backup.archive import DATABASES
from newsportal.backup.engine import LEFT_OUT, counts, migrations, pending_migrations
from newsportal.backup.sqlite import File, bring_up_to_date

#: Knows how SQLite keeps what Django writes. It is never connected: the file is read past it.
SQLITE = DatabaseWrapper({"TIME_ZONE": None}, alias="")


def converted(file: Path, scratch: Path) -> Path:
    """A dump of PostgreSQL with the rows of an SQLite file, which is brought up to this version. Raises BackupError.

    It is made in a database beside the site's, which gets the site's tables: columns that stay in a table until a later version
    takes them out come along empty.
    """
    _check_tables()
    if pending_migrations(_applied(file)):
        bring_up_to_date(file)
    schema, dump = scratch / "schema.dump", scratch / DATABASES["postgresql"]
    postgresql.dump(schema, "--schema-only")
    with closing(File(file)) as source:
        wanted = {table: 0 if table in LEFT_OUT else count for table, count in counts(source).items()}
    with postgresql.another() as name:
        postgresql.replay(schema, "BEGIN;\n", "COMMIT;\n", "The tables cannot be made anew", name)
        with postgresql.connected(name) as target:
            _take_over(file, target, sum(wanted.values()))
            there = counts(postgresql.Aside(target))
        if lacking := sorted(table for table, count in wanted.items() if count and there.get(table) != count):
            raise BackupError(f"Not all rows came along: {', '.join(lacking)}. Nothing has been replaced.")
        postgresql.dump(dump, database=name)
    return dump


def _check_tables() -> None:
    with connection.cursor() as cursor:
        there = connection.introspection.table_names(cursor)
    recorder = MigrationRecorder(connection)
    applied: dict[str, list[str]] = {}
    for app, migration in recorder.applied_migrations() if recorder.Migration._meta.db_table in there else ():
        applied.setdefault(app, []).append(migration)
    if pending_migrations(applied):
        raise BackupError(
            "The database that the backup is to come into lacks its tables: `manage.py migrate` makes them."
        )


def _applied(file: Path) -> dict[str, list[str]]:
    with closing(File(file)) as source:
        return migrations(source)


def _take_over(file: Path, target: psycopg.Connection, rows: int) -> None:
    """All rows of all models, in one transaction: keys are checked at its end."""
    models = [
        model for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.db_table not in LEFT_OUT
    ]  # fmt: skip
    models.append(MigrationRecorder.Migration)
    with (
        closing(sqlite3.connect(file)) as source,
        tqdm(total=rows, desc="Taking rows over", unit=" rows", disable=None, file=sys.stderr, leave=False) as told,
    ):
        try:
            with target.transaction():
                for model in models:
                    _copy(model, source, target, told)
                for statement in connection.ops.sequence_reset_sql(no_style(), models):
                    target.execute(statement.encode())
        except psycopg.Error as error:
            # At the end of the transaction it may be a key of any table that leads nowhere.
            raise BackupError(f"Its rows cannot be taken over: {str(error).strip()}") from error


def _copy(model: type[Model], source: sqlite3.Connection, target: psycopg.Connection, told: tqdm) -> None:
    table, fields = model._meta.db_table, [field for field in model._meta.concrete_fields if not field.generated]
    columns = [str(field.column) for field in fields]
    read = [_reader(field, table) for field in fields]
    names = ", ".join(SQLITE.ops.quote_name(column) for column in columns)
    command = SQL("COPY {} ({}) FROM STDIN").format(
        Identifier(table), SQL(", ").join([Identifier(column) for column in columns])
    )
    try:
        with target.cursor() as cursor, cursor.copy(command) as copy:
            for row in source.execute(f"SELECT {names} FROM {SQLITE.ops.quote_name(table)}"):  # noqa: S608
                copy.write_row(
                    [
                        field.get_db_prep_value(convert(value), connection)
                        for field, convert, value in zip(fields, read, row, strict=True)
                    ]
                )
                told.update()
    except (psycopg.Error, sqlite3.Error, ValueError) as error:
        raise BackupError(f"{table} cannot be taken over: {str(error).strip()}") from error


def _reader(field: Field, table: str) -> Callable[[Any], Any]:
    """What Django's compiler makes of a value that SQLite has for a field."""
    column = field.get_col(table)
    converters = [*SQLITE.ops.get_db_converters(column), *column.get_db_converters(SQLITE)]

    def read(value: Any) -> Any:
        for convert in converters:
            value = convert(value, column, SQLITE)
        return value

    return read
