"""What a database can do for a backup, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from django.db.migrations.loader import MigrationLoader

#: Asks one SQL statement without parameters; returns the rows.
Ask = Callable[[str], list[tuple]]

#: Tables of which no backup has rows: whoever holds a session's key is logged in, and an archive lies about for years; and what
#: was last done from outside (newsportal.nightly) is no less done for a restore.
LEFT_OUT = ("django_session", "newsportal_staffsession", "newsportal_lastdone")

#: Tables in which `migrate` leaves rows, or which fill by themselves: a database with rows in no other is empty.
FILLED_BY_ITSELF = frozenset({
    "auth_group", "auth_group_permissions", "auth_permission", "django_content_type", "django_migrations", "django_session",
    "newsportal_edition", "newsportal_lastdone", "newsportal_staffsession", "newsportal_recurring",
})  # fmt: skip


class Rows(Protocol):
    """A database as it was in one moment."""

    def ask(self, sql: str, /) -> list[tuple]: ...

    def tables(self) -> list[str]:
        """Of rows that are somebody's: not what the database keeps for itself."""


class Snapshot(Rows, Protocol):
    def write(self, path: Path) -> None:
        """The whole of it, but for LEFT_OUT, as a file. Raises BackupError."""


class Restored(Rows, Protocol):
    def problems(self) -> list[str]:
        """What the database itself finds wrong: one line each."""


class Engine(Protocol):
    #: As a manifest names it, and the file in an archive that it is; and of which others it can take over a backup.
    name: str
    member: str
    takes_over: frozenset[str]

    def version(self) -> str: ...

    def size(self) -> int:
        """Bytes that the site's database takes. Raises BackupError."""

    def only_one(self) -> AbstractContextManager[None]:
        """No other backup or restore of this database within. Raises BackupError where there is one."""

    def snapshot(self, scratch: Path) -> AbstractContextManager[Snapshot]:
        """The site's database in one moment, while the site goes on. Raises BackupError."""

    def aside(self, file: Path, scratch: Path) -> AbstractContextManager[Restored]:
        """What a file of `Snapshot.write` holds, restored beside the site's database. Raises BackupError."""

    def check(self, file: Path) -> None:
        """Raises BackupError if this is no file that `replace` could read.

        What else is wrong in it keeps nobody from having it back.
        """

    def converted(self, file: Path, scratch: Path) -> Path:
        """A file as `replace` reads it, of this version, of one of `takes_over`. Nothing is replaced yet. Raises BackupError."""

    def is_empty(self) -> bool:
        """Whether nobody has written anything into the site's database."""

    def numbers(self) -> dict[str, int]:
        """The numbers of the page cache, as far as the site's database can still be read."""

    #: Where `replace` has left what was there, if it did; and whether that is the very file that processes have open.
    kept_aside: Path | None
    moved: bool

    def replace(self, file: Path, *, migrate: bool, least: int, keys: Iterable[str]) -> None:
        """Put the file's content in the place of the site's database, in one moment. The file's folder is on the same disk.

        `migrate`: it is of an older version. `least`, `keys`: for newsportal.page_cache.restored. Raises BackupError, and
        then nothing has been replaced.
        """


def counts(rows: Rows) -> dict[str, int]:
    """How many rows each table has."""
    return {table: rows.ask(f'SELECT count(*) FROM "{table}"')[0][0] for table in sorted(rows.tables())}  # noqa: S608


def migrations(rows: Rows) -> dict[str, list[str]]:
    """App → its migrations that have been applied."""
    found: dict[str, list[str]] = {}
    if "django_migrations" in rows.tables():
        for app, name in rows.ask("SELECT app, name FROM django_migrations ORDER BY app, name"):
            found.setdefault(app, []).append(name)
    return found


def has_rows(rows: Rows) -> bool:
    """Whether there is anything that somebody has written."""
    tables = set(rows.tables()) - FILLED_BY_ITSELF
    return any(rows.ask(f'SELECT 1 FROM "{table}" LIMIT 1') for table in tables)  # noqa: S608


def unknown_migrations(applied: dict[str, list[str]]) -> list[str]:
    """Those that this version of the code does not have."""
    known = set(MigrationLoader(None).disk_migrations or ())
    return [f"{app}.{name}" for app, names in sorted(applied.items()) for name in names if (app, name) not in known]


def pending_migrations(applied: dict[str, list[str]]) -> list[str]:
    """Those of this version that have not been applied."""
    done = {(app, name) for app, names in applied.items() for name in names}
    loader = MigrationLoader(None)
    return [f"{app}.{name}" for app, name in sorted(loader.graph.nodes) if (app, name) not in done]
