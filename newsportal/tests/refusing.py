"""A database that takes no writes, or none just now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from django.db import DatabaseError, connection

from articles.models import Section

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has its own disk, and many writers")


@contextmanager
def nothing_is_written() -> Iterator[None]:
    """The database refuses every write, and is read."""
    told = {
        "sqlite": ("PRAGMA query_only = on", "PRAGMA query_only = off"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
    }
    refuse, take = told[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(refuse)
        try:
            with pytest.raises(DatabaseError):
                Section.objects.update(order=1)
            yield
        finally:
            cursor.execute(take)


@contextmanager
def writing() -> Iterator[None]:
    """Somebody else writes, and goes on writing."""
    with closing(connection.copy()) as other, other.cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        yield
        cursor.execute("ROLLBACK")
