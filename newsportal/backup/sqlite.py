"""SQLite: one file, read in one moment and replaced in one transaction by its online backup (https://sqlite.org/backup.html)."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from django.db import connections
from django.utils import timezone
from tqdm import tqdm

from newsportal.backup import BackupError
from newsportal.backup.archive import DATABASES
from newsportal.backup.engine import LEFT_OUT, has_rows
from newsportal.environment import BASE_DIR
from newsportal.page_cache import restored

#: Pages copied between two looks at the progress bar.
STEP = 4_096
#: Seconds for which a writer of the site is waited for.
PATIENCE = 60


class File:
    """A database file that nobody else writes to."""

    def __init__(self, path: Path):
        self._path = path
        self._connection = sqlite3.connect(path, isolation_level=None)

    def ask(self, sql: str, /) -> list[tuple]:
        return self._connection.execute(sql).fetchall()

    def tables(self) -> list[str]:
        rows = self.ask(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        virtual = [name for name, sql in rows if sql.upper().startswith("CREATE VIRTUAL")]
        # With the tables that a virtual one keeps for itself, which are as many as SQLite likes.
        return [name for name, _ in rows if not any(name == one or name.startswith(f"{one}_") for one in virtual)]

    def damage(self) -> list[str]:
        """What makes the file one that cannot be used."""
        rows = self.ask("PRAGMA integrity_check(20)")
        return [f"SQLite finds the database damaged: {line}" for (line,) in rows if line != "ok"]

    def problems(self) -> list[str]:
        if damage := self.damage():
            return damage
        broken = self.ask("PRAGMA foreign_key_check")
        found = sorted({f"A row of {table} names a row of {other} that is not there." for table, _, other, _ in broken})
        for (index,) in self.ask("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5%'"):
            try:
                # 1: against the rows that are searched, too (https://sqlite.org/fts5.html#the_integrity_check_command).
                self.ask(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
            except sqlite3.DatabaseError:
                found.append(f"{index} is not what its rows say: search would miss stories.")
        return found

    def write(self, path: Path) -> None:
        self.close()
        self._path.replace(path)

    def close(self) -> None:
        self._connection.close()


class Sqlite:
    name = "sqlite"
    member = DATABASES["sqlite"]
    takes_over: frozenset[str] = frozenset()
    kept_aside: Path | None = None
    moved = False

    def __init__(self, path: str):
        self._path = Path(path)

    def version(self) -> str:
        return sqlite3.sqlite_version

    def size(self) -> int:
        found = 0
        for end in ("", "-wal"):
            with suppress(FileNotFoundError):
                found += Path(f"{self._path}{end}").stat().st_size
        return found

    @contextmanager
    def only_one(self) -> Iterator[None]:
        # The folder's, since a file's descriptor that is closed would take SQLite's own locks along (fcntl(2)).
        self._path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BackupError("Another backup or restore of this database is under way.") from None
            yield
        finally:
            os.close(folder)

    @contextmanager
    def snapshot(self, scratch: Path) -> Iterator[File]:
        path = scratch / f"snapshot-{self.member}"
        path.unlink(missing_ok=True)
        try:
            self._copy_to(path)
            with closing(File(path)) as file:
                # One file that is whole by itself; what is deleted leaves no trace in it.
                file.ask("PRAGMA journal_mode = DELETE")
                file.ask("PRAGMA secure_delete = ON")
                for table in set(LEFT_OUT).intersection(file.tables()):
                    file.ask(f"DELETE FROM {table}")  # noqa: S608
                yield file
        except sqlite3.Error as error:
            raise BackupError(f"The database cannot be read: {error}.") from error

    def _copy_to(self, path: Path) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(self._opened()) as source, closing(sqlite3.connect(path)) as target:
            # A reader from before the first page to after the last: what is written meanwhile is not seen, and begins nothing anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchall()
            with tqdm(desc="Reading the database", unit=" pages", disable=None, file=sys.stderr, leave=False) as bar:

                def told(status: int, left: int, total: int) -> None:
                    bar.total = total
                    bar.update(total - left - bar.n)

                source.backup(target, pages=STEP, progress=told, sleep=0.01)

    def _opened(self) -> sqlite3.Connection:
        if not self._path.exists():
            raise BackupError(f"There is no database {self._path.name} yet.")
        return sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)

    @contextmanager
    def aside(self, file: Path, scratch: Path) -> Iterator[File]:
        try:
            with closing(File(file)) as opened:
                yield opened
        except sqlite3.Error as error:
            raise BackupError(f"The database in the backup cannot be read: {error}.") from error

    def check(self, file: Path) -> None:
        with self.aside(file, file.parent) as opened:
            if damage := opened.damage():
                raise BackupError(damage[0])

    def converted(self, file: Path, scratch: Path) -> Path:
        raise BackupError("SQLite takes over no other database.")

    def is_empty(self) -> bool:
        if not self._path.exists() or not self._path.stat().st_size:
            return True
        try:
            with closing(File(self._path)) as file:
                return not has_rows(file)
        except sqlite3.Error:
            return False

    def numbers(self) -> dict[str, int]:
        with suppress(sqlite3.Error, BackupError), closing(self._opened()) as database:
            return dict(database.execute("SELECT key, number FROM newsportal_edition").fetchall())
        return {}

    def replace(self, file: Path, *, migrate: bool, least: int, keys: Iterable[str]) -> None:
        """Everything is made ready in `file` first; then the site's database becomes what it is, as one more transaction.

        So processes that have it open go on with it. What was there is beside it afterwards.
        """
        if migrate:
            bring_up_to_date(file)
        try:
            with closing(sqlite3.connect(file, isolation_level=None)) as source:
                source.execute("BEGIN IMMEDIATE")
                for statement in restored.statements(keys, least):
                    source.execute(statement)
                source.execute("COMMIT")
                self._keep_aside(file.parent)
                with closing(sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)) as target:
                    source.backup(target)
        except sqlite3.Error as error:
            raise BackupError(f"The database cannot be replaced: {error}.") from error

    def _keep_aside(self, scratch: Path) -> None:
        if self.is_empty():
            return
        self.kept_aside = self._path.with_name(f"{self._path.name}.before-{timezone.now():%Y%m%dT%H%M%S.%fZ}")
        partial = scratch / self.kept_aside.name
        try:
            self._copy_to(partial)
            partial.replace(self.kept_aside)
        except sqlite3.DatabaseError as error:
            partial.unlink(missing_ok=True)
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise
            # It cannot even be read any more: all of it goes aside as it is, and whoever has it open has to begin anew.
            connections.close_all()
            for end in ("", "-wal", "-shm", "-journal"):
                with suppress(FileNotFoundError):
                    Path(f"{self._path}{end}").replace(f"{self.kept_aside}{end}")
            self.moved = True


def bring_up_to_date(file: Path) -> None:
    """Run the migrations that a database file lacks, in a process whose database it is and which tells neither Redis nor a CDN."""
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{file}", "DATABASE_REPLICA_URL": "", "CACHE_URL": "locmemcache://", "PURGE": "none",
    }  # fmt: skip
    command = [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "--no-input", "--verbosity", "0"]
    done = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it gave no reason"]
        raise BackupError(f"The backup cannot be brought up to this version: {last[0]}")
    # One file again, as it was.
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
