import math
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.backends.sqlite3 import base

from newsportal.database.observed import Observed
from newsportal.database.sqlite3.turn import turns


class DatabaseWrapper(Observed, base.DatabaseWrapper):
    finds_table = "SELECT max(name) FROM sqlite_master WHERE name = %s"

    #: Milliseconds that the connection waits for a turn, as it was told last.
    _waits: int

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._waits = round(conn_params["timeout"] * 1000)
        return super().get_new_connection(conn_params)

    def _observe(self, execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        # Who begins a transaction waits, or writes without one: within it the turn has come.
        if sql[:1] in "BIUD" and not self.connection.in_transaction:
            execute = partial(self._in_turn, execute)
        return super()._observe(execute, sql, params, many, context)

    _observe.minds_writes_alone = True  # type: ignore[attr-defined]

    def _in_turn(self, execute: Callable, *args: Any) -> Any:
        seconds = turns(self.alias).seconds(self.settings_dict["OPTIONS"]["timeout"])
        # In tenths of a second: nobody need be told of the microseconds that it took before.
        if (waits := math.ceil(seconds * 10) * 100) != self._waits:
            self.connection.execute(f"PRAGMA busy_timeout = {waits}")
            self._waits = waits
        with turns(self.alias).waiting():
            return execute(*args)
