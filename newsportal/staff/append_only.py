"""A table whose rows stay as they were written, said to the database: also to who goes past the models."""

from __future__ import annotations

from typing import Any

TABLE = "newsportal_auditentry"
REFUSAL = "The log is added to, and nothing else."


def refuse_changes(connection: Any) -> None:
    """A migration that makes this table anew on SQLite has to call it again: triggers go with the old one."""
    for statement in _made_by(connection.vendor):
        with connection.cursor() as cursor:
            cursor.execute(statement)


def allow_changes(connection: Any) -> None:
    """For migrations backwards, and for tests that leave nothing behind."""
    statements = [f"DROP TRIGGER IF EXISTS {TABLE}_{act}" for act in ("update", "delete")]
    if connection.vendor == "postgresql":
        statements = [
            f"DROP TRIGGER IF EXISTS {TABLE}_stays ON {TABLE}",
            f"DROP FUNCTION IF EXISTS {TABLE}_stays()",
        ]
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(statement)


def _made_by(vendor: str) -> list[str]:
    if vendor == "postgresql":
        return [
            f"CREATE OR REPLACE FUNCTION {TABLE}_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
            f"CREATE TRIGGER {TABLE}_stays BEFORE UPDATE OR DELETE ON {TABLE} "
            f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_stays()",
        ]
    return [
        f"CREATE TRIGGER {TABLE}_{act.lower()} BEFORE {act} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        for act in ("UPDATE", "DELETE")
    ]
