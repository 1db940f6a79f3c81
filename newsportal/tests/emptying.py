"""The database after a test that commits: as empty as Django's `flush` leaves it, for a small part of what that costs.

`flush` empties every table (on PostgreSQL by a TRUNCATE of all of them, which costs as much when all are empty), then makes
content types, permissions and groups anew. Here these stay as long as no test has changed them, and only tables that have
rows are emptied; whatever is otherwise is left to `flush`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.test import TransactionTestCase

from newsportal.database.observed import TABLE
from newsportal.staff import append_only

Contents = dict[str, list[tuple]]

_flush = TransactionTestCase._fixture_teardown
#: Numbers that only grow, and that emptying a table raises as any other write does.
NEVER_EMPTY = {TABLE}
#: What stood there after the last `flush`, by table.
_kept: Contents | None = None


def install() -> None:
    TransactionTestCase._fixture_teardown = _empty


@contextmanager
def log_may_be_emptied() -> Iterator[None]:
    """For what empties all tables of a test's database, which nobody may do to a newspaper's."""
    append_only.allow_changes(connection)
    yield
    append_only.refuse_changes(connection)


def _empty(case: TransactionTestCase) -> None:
    global _kept
    if _kept is None or case.reset_sequences or case.serialized_rollback or not _delete(_kept):
        with log_may_be_emptied():
            _flush(case)
        _kept = _contents(_filled())


def _delete(kept: Contents) -> bool:
    """Empty the tables that have rows; nothing at all, and False, where what was to stay has been changed."""
    # One transaction: a server of the test may still be at a last request, whose rows would name what is gone.
    with transaction.atomic(), connection.cursor() as cursor:  # keys are looked at when it ends, in whatever order
        filled = _filled()
        if _contents(filled & set(kept)) != kept:
            return False
        if append_only.TABLE in filled:
            append_only.allow_changes(connection)
        for table in filled - set(kept):
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608
        if append_only.TABLE in filled:
            append_only.refuse_changes(connection)
    return True


def _filled() -> set[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    asked = [
        f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(name)})"  # noqa: S608
        for name in names
        if name not in NEVER_EMPTY
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(asked))
        return {name for (name,) in cursor.fetchall()}


def _contents(tables: set[str]) -> Contents:
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            found[table] = sorted(cursor.fetchall(), key=repr)
    return found
