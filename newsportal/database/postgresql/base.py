from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql import base

from newsportal.database.away import KnownAway, away
from newsportal.database.observed import Observed
from newsportal.database.postgresql.patient import Connection


class DatabaseWrapper(Observed, base.DatabaseWrapper):
    finds_table = "SELECT to_regclass(%s)"
    holds_references = "SET CONSTRAINTS ALL IMMEDIATE"

    def __init__(self, settings_dict: dict[str, Any], *args: Any, **kwargs: Any):
        super().__init__(settings_dict, *args, **kwargs)
        if pool := settings_dict["OPTIONS"].get("pool"):
            pool["connection_class"] = Connection

    def _close(self) -> None:
        if getattr(self.connection, "is_silent", False):
            # None of the others would be answered either, and each would keep somebody waiting as long.
            away(self.alias).notice()
            self.pool.drain()
        super()._close()  # type: ignore[misc]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            with away(self.alias).connecting():
                return super().get_new_connection(conn_params)
        except KnownAway:
            raise OperationalError("The database could not be reached a moment ago.") from None
