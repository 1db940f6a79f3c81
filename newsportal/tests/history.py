"""A newsroom of an earlier day: a database of its own, built up to then, filled by the test, and brought up to date."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class History:
    """Goes forward only, as newsrooms do."""

    def at(self, *targets: tuple[str, str]):
        """The models (an app registry) as they were when `targets` were the last migrations, in a database made by them."""
        executor = MigrationExecutor(connection)
        executor.migrate(list(targets))
        return executor.loader.project_state(list(targets)).apps

    def today(self) -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())


@contextlib.contextmanager
def empty_database(folder: Path) -> Iterator[None]:
    """`connection` is to a database without tables, which is gone afterwards."""
    own = connection.settings_dict["NAME"]
    name = str(folder / "history.sqlite3") if connection.vendor == "sqlite" else f"{own}_history"
    _connect_to(name)
    try:
        if connection.vendor == "postgresql":
            _drop(name)
            _on_the_server("CREATE DATABASE", name)
        yield
    finally:
        _connect_to(own)
        if connection.vendor == "postgresql":
            _drop(name)


def _connect_to(name: str) -> None:
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


def _drop(name: str) -> None:
    # A session that its pool has only begun to close is no reason to keep it.
    _on_the_server("DROP DATABASE IF EXISTS", name, "WITH (FORCE)")


def _on_the_server(statement: str, name: str, how: str = "") -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"{statement} {connection.ops.quote_name(name)} {how}")
