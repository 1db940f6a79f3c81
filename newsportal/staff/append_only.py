"""A table whose rows stay as they were written, said to the database: also to who goes past the models."""

from __future__ import annotations

from typing import Any

TABLE = "newsportal_auditentry"
REFUSAL = "The log is added to, and nothing else."


def refuse_changes(connection: Any) -> None:
    """Also where some of it, or all, is refused already.

    A migration that makes this table anew on SQLite has to call it again: triggers go with the old one.
    """
    _execute(connection, _made_by(connection.vendor))


def allow_changes(connection: Any) -> None:
    """For migrations backwards, and for tests that leave nothing behind."""
    allow_emptying(connection)
    statements = [f"DROP TRIGGER IF EXISTS {TABLE}_{act}" for act in ("update", "delete", "insert")]
    if connection.vendor == "postgresql":
        statements = [
            f"DROP TRIGGER IF EXISTS {TABLE}_stays ON {TABLE}",
            f"DROP FUNCTION IF EXISTS {TABLE}_stays()",
        ]
    _execute(connection, statements)


def allow_emptying(connection: Any) -> None:
    """What a version of before has not refused, and so cannot take back."""
    if connection.vendor == "postgresql":
        _execute(connection, [f"DROP TRIGGER IF EXISTS {TABLE}_is_not_emptied ON {TABLE}"])
    else:
        _execute(connection, [f"DROP TRIGGER IF EXISTS {TABLE}_insert"])


def _execute(connection: Any, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _made_by(vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [
            f"CREATE OR REPLACE FUNCTION {TABLE}_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
            f"CREATE OR REPLACE TRIGGER {TABLE}_stays BEFORE UPDATE OR DELETE ON {TABLE} "
            f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_stays()",
            # A table is emptied without a look at its rows.
            f"CREATE OR REPLACE TRIGGER {TABLE}_is_not_emptied BEFORE TRUNCATE ON {TABLE} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_stays()",
        ]
    # REPLACE takes the old row out without asking the trigger of DELETE (https://www.sqlite.org/lang_conflict.html).
    is_there = f"WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) "  # noqa: S608
    return [
        f"CREATE TRIGGER IF NOT EXISTS {TABLE}_{act.lower()} BEFORE {act} ON {TABLE} {only}"
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for act, only in (("UPDATE", ""), ("DELETE", ""), ("INSERT", is_there))
    ]
