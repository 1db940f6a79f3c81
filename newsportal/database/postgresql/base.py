from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql import base

from newsportal.database.away import KnownAway, away
from newsportal.database.observed import Observed


class DatabaseWrapper(Observed, base.DatabaseWrapper):
    finds_table = "SELECT to_regclass(%s)"

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            with away(self.alias).connecting():
                return super().get_new_connection(conn_params)
        except KnownAway:
            raise OperationalError("The database could not be reached a moment ago.") from None
