from functools import cache
from typing import Any, Self

import psycopg
from django.db import OperationalError
from django.db.backends.postgresql import base
from psycopg_pool import PoolTimeout

from newsportal.database.away import KnownAway, away
from newsportal.database.observed import Observed
from newsportal.database.postgresql.patient import Connection
from newsportal.database.troubles import has_no_room


class Pooled(Connection):
    """`failure`: of the last attempt of a pool to connect; the pool says by itself only that it took too long."""

    failure: Exception | None = None

    @classmethod
    def connect(cls, *args: Any, **kwargs: Any) -> Self:
        try:
            made = super().connect(*args, **kwargs)
        except Exception as error:
            cls.failure = error
            raise
        cls.failure = None
        return made


@cache
def pooled(alias: str) -> type[Pooled]:
    """Of a database, in this process."""
    return type("Pooled", (Pooled,), {})


class DatabaseWrapper(Observed, base.DatabaseWrapper):
    finds_table = "SELECT to_regclass(%s)"
    holds_references = "SET CONSTRAINTS ALL IMMEDIATE"

    def __init__(self, settings_dict: dict[str, Any], *args: Any, **kwargs: Any):
        super().__init__(settings_dict, *args, **kwargs)
        if pool := settings_dict["OPTIONS"].get("pool"):
            # Another database may have the same options.
            settings_dict["OPTIONS"] = settings_dict["OPTIONS"] | {
                "pool": pool | {"connection_class": pooled(self.alias)}
            }

    def _close(self) -> None:
        if getattr(self.connection, "is_silent", False):
            # None of the others would be answered either, and each would keep somebody waiting as long.
            away(self.alias).notice()
            self.pool.drain()
        super()._close()  # type: ignore[misc]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            with away(self.alias).connecting():
                return self._connected(conn_params)
        except KnownAway:
            raise OperationalError("The database could not be reached a moment ago.") from None

    def _connected(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except PoolTimeout as error:
            if has_no_room(failure := pooled(self.alias).failure):
                raise psycopg.OperationalError(str(failure)) from error
            raise
