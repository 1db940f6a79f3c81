"""Django's own, which on PostgreSQL keeps nobody waiting for long."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import DatabaseError, OperationalError, connections

from newsportal.database import troubles

#: Seconds that a migration waits for a table. Meanwhile everybody else who wants the table waits behind it.
PATIENCE = 3
#: Seconds in which the others have their turn, and how often it is tried.
PAUSE, ATTEMPTS = 10.0, 60

WHO = """
SELECT pid, coalesce(nullif(application_name, ''), 'a process of the site'), extract(epoch FROM now() - xact_start)::int
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < now() - interval '1 second'
ORDER BY xact_start LIMIT 3
"""


class Command(migrate.Command):
    help = (
        f"{migrate.Command.help} On PostgreSQL a migration that has to wait for a table, such as while a backup reads it, lets go "
        f"after {PATIENCE} seconds and is tried again: it would keep all waiting who come after it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql" or connection.in_atomic_block:
            super().handle(*args, **options)
            return
        self._connection, self._is_half_done = connection, False
        try:
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    self._wait_for_at_most(PATIENCE)
                    super().handle(*args, **options)
                    return
                except OperationalError as error:
                    if self._is_half_done or not troubles.is_busy(error):
                        raise
                    if attempt == ATTEMPTS:
                        raise CommandError(
                            f"Others do not let go of what is to be migrated: {self._who()}. What has been migrated so far is "
                            "whole: run migrate again when they are done."
                        ) from error
                self.stderr.write(
                    f"Waiting for others who use what is to be migrated: {self._who()}. Trying again in {PAUSE:g} seconds."
                )
                time.sleep(PAUSE)
        finally:
            with suppress(DatabaseError):
                self._wait_for_at_most(None)

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        if action in {"apply_start", "unapply_start"} and hasattr(self, "_connection"):
            # What has no transaction would be half done: it waits for as long as it takes (decision 29).
            self._wait_for_at_most(PATIENCE if migration.atomic else 0)
        if migration is not None:
            # Nor could it be tried again after a deadlock: some of it is there already.
            self._is_half_done = not migration.atomic and action in {"apply_start", "unapply_start"}
        super().migration_progress_callback(action, migration, fake)

    def _wait_for_at_most(self, seconds: int | None) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout" if seconds is None else f"SET lock_timeout = '{seconds}s'")

    def _who(self) -> str:
        with self._connection.cursor() as cursor:
            cursor.execute(WHO)
            found = [f"{name} (process {pid}, for {seconds} seconds)" for pid, name, seconds in cursor.fetchall()]
        return ", ".join(found) or "they are gone by now"
