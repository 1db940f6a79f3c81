"""Backups of the database and the media, and the way back: see docs/decisions/0024-backups.md.

archive     the file that a backup is: what is in it, and how it is told from one that is damaged or foreign
places      where archives and the files beside them are kept: a folder, or a bucket
media       the files of the default storage: which rows name which, copied once and put back where missing
sqlite      |  the two databases: read in one moment, opened aside,
postgresql  |  and replaced whole
moving      from the one to the other
opening     an archive of which every byte has been checked
backing_up, restoring, verifying    the three commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsportal.backup.engine import Engine


class BackupError(Exception):
    """It was refused or could not be done; the message is one plain sentence or two for the operator."""


def site_database() -> Engine:
    """That of the site's own database."""
    from django.db import connection

    if connection.vendor == "sqlite":
        from newsportal.backup.sqlite import Sqlite

        return Sqlite(str(connection.settings_dict["NAME"]))
    from newsportal.backup.postgresql import Postgresql

    return Postgresql()


def engine_named(name: str) -> Engine:
    """One that reads files of this kind: that of the site, or SQLite's, which needs no server. Raises BackupError."""
    own = site_database()
    if own.name == name:
        return own
    if name == "sqlite":
        from newsportal.backup.sqlite import Sqlite

        return Sqlite(name)
    raise BackupError(
        "The backup is of PostgreSQL, and this site's database is not: verify it where DATABASE_URL is one."
    )
