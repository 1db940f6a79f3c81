"""Every write to what readers see is noticed, whichever code makes it, and settled with the commit.

Signals would miss what `QuerySet.update()`, `bulk_create()` and cascades write; here nothing that goes through Django is missed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from articles.caching.editions import afresh, said_to_touch
from newsportal.page_cache.touched import BY_TABLE, SEEN_ONCE_NAMED

if TYPE_CHECKING:
    Wrapper = BaseDatabaseWrapper
else:
    Wrapper = object

TABLE = "newsportal_edition"

WRITE = re.compile(r'\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) "?(\w+)"?', re.IGNORECASE)


def settle_saved(using: str, **kwargs: Any) -> None:
    """Receiver of `post_save`: a row that was saved outside a transaction."""
    connection: Any = connections[using]
    connection.settle()


class Observed(Wrapper):
    """Mixed into a DatabaseWrapper. `touched`: the keys that the transaction in progress has touched so far."""

    #: A query that brings NULL, in one row, where there is no table of this name.
    finds_table: str
    #: Has what was written hold what it refers to now, in a database that waits with that for the commit while others write.
    holds_references = ""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.touched: set[str] = set()
        self.execute_wrappers.append(self._observe)

    def _observe(self, execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        match = WRITE.match(sql) if sql[:1] in "IUD" else None
        keys = BY_TABLE.get(match[1]) if match else None
        if not keys or (sql[0] == "I" and match[1] in SEEN_ONCE_NAMED and "ON CONFLICT" not in sql):  # type: ignore[index]
            return execute(sql, params, many, context)
        said = said_to_touch()
        self.touched |= keys if said is None else said
        if self.in_atomic_block or (self.vendor == "sqlite" and " RETURNING " in sql):
            # SQLite commits what returns rows once they are read, which is after this: `settle_saved` sees to it then.
            return execute(sql, params, many, context)
        # What is written and that it was written become true together.
        with transaction.atomic(using=self.alias):
            return execute(sql, params, many, context)

    _observe.minds_writes_alone = True  # type: ignore[attr-defined]

    def _commit(self) -> None:
        from newsportal.page_cache.counters import counters
        from newsportal.purging import back_end, sender, waiting

        keys, self.touched = frozenset(self.touched), set()
        # Migrations write before there is the table of numbers: nobody keeps pages then.
        if not keys or not self._has(TABLE):
            super()._commit()  # type: ignore[misc]
            return
        if self.holds_references:
            # Who waits there for a story that another one has must not have the numbers, for which that one waits in turn.
            with self.cursor() as cursor:
                cursor.execute(self.holds_references)
        purges = back_end() is not None and self._has(waiting.TABLE)
        if purges:
            waiting.note(self, keys)
        settle = counters().touch(self, keys)
        super()._commit()  # type: ignore[misc]
        settle()
        if purges:
            sender.sender.wake()

    def note_copied(self, table: str) -> None:
        """Rows have been written in a way that is no statement (PostgreSQL's COPY)."""
        self.touched |= BY_TABLE.get(table, frozenset())

    def settle(self) -> None:
        """Count what was touched and has been committed by itself."""
        if self.touched and not self.in_atomic_block:
            with transaction.atomic(using=self.alias):
                pass

    def _has(self, table: str) -> bool:
        with self.cursor() as cursor:
            cursor.execute(self.finds_table, [table])
            return cursor.fetchone() != (None,)

    def run_and_clear_commit_hooks(self) -> None:
        with afresh():
            super().run_and_clear_commit_hooks()

    def _rollback(self) -> None:
        self.touched = set()
        super()._rollback()  # type: ignore[misc]
