"""PostgreSQL, by its own client programs: pg_dump in the snapshot in which all else is read, and psql in one transaction."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psycopg
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.backends.postgresql.client import DatabaseClient
from psycopg.sql import SQL, Identifier

from newsportal.backup import BackupError
from newsportal.backup.archive import CHUNK, DATABASES
from newsportal.backup.engine import LEFT_OUT, Ask, has_rows
from newsportal.backup.opening import LEFT_OVER
from newsportal.database.observed import TABLE
from newsportal.database.postgresql.patient import NOTICE_WHO_IS_GONE, Connection
from newsportal.page_cache import restored

#: What a restored database is not to have an opinion about: who owns it, and who else may read it.
PLAIN = ("--no-owner", "--no-privileges", "--no-comments")

#: Where Debian has the client programs of each version. The one that is on the PATH is of the newest that is installed.
PROGRAMS = Path("/usr/lib/postgresql")
#: What programs of version 17 or newer ask for, and servers before it do not know.
NEW_SINCE_17 = b"\nSET transaction_timeout = 0;\n"

#: What ends a transaction in which nothing is asked while pg_dump reads. The second is new in PostgreSQL 17.
PATIENT = """
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
"""

#: How often it is tried to replace the database of a busy site, and by what PostgreSQL says that somebody was in the way.
ATTEMPTS, DEADLOCK = 5, "40P01"

#: Takes everything out of the schema but extensions, which only a superuser may bring back.
EMPTY = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT c.relname AS name, CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
            WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind
        FROM pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e', 'i'))
        UNION ALL
        SELECT t.typname, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END
        FROM pg_type t
        WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype IN ('e', 'd')
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP %s IF EXISTS %I.%I CASCADE', found.kind, current_schema(), found.name);
    END LOOP;
    FOR found IN
        SELECT p.oid::regprocedure AS name,
            CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END AS kind
        FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', found.kind, found.name);
    END LOOP;
END $$;
"""


class Snapshot:
    """The site's database in the transaction that is open."""

    def __init__(self, name: str):
        self._name = name

    def ask(self, sql: str, /) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def tables(self) -> list[str]:
        return _tables(self.ask)

    def write(self, path: Path) -> None:
        dump(path, f"--snapshot={self._name}", *(f"--exclude-table-data={table}" for table in LEFT_OUT))


class Aside:
    """Another database of the same server."""

    def __init__(self, database: psycopg.Connection):
        self._database = database

    def ask(self, sql: str, /) -> list[tuple]:
        return self._database.execute(sql.encode()).fetchall()

    def tables(self) -> list[str]:
        return _tables(self.ask)

    def problems(self) -> list[str]:
        # Keys, constraints and indexes have been made anew from the rows: there is nothing left that could be wrong.
        return []


class Postgresql:
    name = "postgresql"
    member = DATABASES["postgresql"]
    takes_over = frozenset({"sqlite"})
    kept_aside: Path | None = None
    moved = False

    def version(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            return cursor.fetchone()[0]

    def size(self) -> int:
        try:
            return Snapshot("").ask("SELECT pg_database_size(current_database())")[0][0]
        except DatabaseError as error:
            raise BackupError(f"The database cannot be read: {error}") from error

    @contextmanager
    def only_one(self) -> Iterator[None]:
        with connected() as holder:
            # Whoever was killed holds it until the server has noticed.
            holder.execute("SET lock_timeout = '3s'")
            try:
                holder.execute("SELECT pg_advisory_lock(hashtext('newsportal.backup'))")
            except psycopg.errors.LockNotAvailable:
                raise BackupError("Another backup or restore of this database is under way.") from None
            yield

    @contextmanager
    def snapshot(self, scratch: Path) -> Iterator[Snapshot]:
        _check_program("pg_dump")
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                    cursor.execute(PATIENT)
                    cursor.execute("SELECT pg_export_snapshot()")
                    (name,) = cursor.fetchone()
                yield Snapshot(name)
        except DatabaseError as error:
            raise BackupError(f"The database cannot be read: {error}") from error

    @contextmanager
    def aside(self, file: Path, scratch: Path) -> Iterator[Aside]:
        _check_program("psql")
        self.check(file)
        with another() as name:
            replay(file, "BEGIN;\n", "COMMIT;\n", "The database in the backup cannot be restored", name)
            with connected(name) as database:
                yield Aside(database)

    def check(self, file: Path) -> None:
        _check_program("pg_restore")
        _run([_path_of("pg_restore"), "--list", str(file)], "The database in the backup cannot be read")

    def converted(self, file: Path, scratch: Path) -> Path:
        from newsportal.backup import moving

        for program in ("pg_dump", "pg_restore", "psql"):
            _check_program(program)
        return moving.converted(file, scratch)

    def is_empty(self) -> bool:
        with transaction.atomic():
            return not has_rows(Snapshot(""))

    def numbers(self) -> dict[str, int]:
        ask = Snapshot("").ask
        if ask(f"SELECT to_regclass('{TABLE}')") == [(None,)]:
            return {}
        return dict(ask(f"SELECT key, number FROM {TABLE}"))  # noqa: S608

    def replace(self, file: Path, *, migrate: bool, least: int, keys: Iterable[str]) -> None:
        """One transaction takes out what is there, brings what was, and raises the numbers. Readers and writers wait for it."""
        _check_program("psql")
        _check_program("pg_restore")
        connection.close()
        raised = ";\n".join(restored.statements(keys, least))
        # The dump has emptied the search path.
        end = f"""
            SELECT set_config('search_path', :'schema', true);
            DO $$ BEGIN IF to_regclass('{TABLE}') IS NOT NULL THEN {raised}; END IF; END $$;
            COMMIT;
        """
        begin = f"BEGIN;\nSELECT current_schema() AS schema \\gset\n{EMPTY}"
        for attempt in range(ATTEMPTS):
            try:
                replay(file, begin, end, "The database cannot be replaced, and is as it was")
                break
            except BackupError as error:
                # Readers hold tables in another order than they are taken out.
                if DEADLOCK not in str(error) or attempt == ATTEMPTS - 1:
                    raise
        connection.close()
        if migrate:
            call_command("migrate", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            if migrate:
                with transaction.atomic():
                    for statement in restored.statements(keys, least):
                        cursor.execute(statement)
            # A dump has rows, and nothing of what is known about them: plans would be poor until autovacuum has come round.
            cursor.execute("ANALYZE")


@contextmanager
def another() -> Iterator[str]:
    """The name of an empty database beside the site's, which is gone afterwards. Raises BackupError."""
    name = f"{connection.settings_dict['NAME']}_aside_{int(time.time()):x}_{uuid.uuid4().hex[:6]}"
    try:
        with connected() as server:
            _drop_left_over(server)
            server.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
    except psycopg.Error as error:
        raise BackupError(
            f"No database can be made to restore the backup into: {str(error).strip()}. "
            "The account of DATABASE_URL needs CREATEDB."
        ) from error
    try:
        yield name
    finally:
        with connected() as server:
            server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def dump(path: Path, *options: str, database: str = "") -> None:
    """A file in pg_dump's custom format of the site's database, or of another. Raises BackupError."""
    command = [*_client("pg_dump", database), "--format=custom", *PLAIN, f"--file={path}", *options]
    _run(command, "The database cannot be read")
    path.chmod(0o600)


def replay(file: Path, begin: str, end: str, failure: str, database: str = "") -> None:
    """Have psql do what a dump says, and something before and after it. Raises BackupError that begins with `failure`."""
    is_older = _server() < 17
    with tempfile.TemporaryFile(dir=file.parent) as said:
        reading = subprocess.Popen(  # noqa: S603
            [_path_of("pg_restore"), *PLAIN, "--file=-", str(file)],
            stdout=subprocess.PIPE, stderr=said, env=_environment(),
        )  # fmt: skip
        writing = subprocess.Popen(  # noqa: S603
            [
                *_client("psql", database), "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1",
                "--set=VERBOSITY=verbose",
            ],
            stdin=subprocess.PIPE, stderr=said, env=_environment(),
        )  # fmt: skip
        source, target = _pipe(reading.stdout), _pipe(writing.stdin)
        try:
            target.write((NOTICE_WHO_IS_GONE + begin).encode())
            while chunk := source.read(CHUNK):
                if is_older:  # before the first row, which may say anything
                    settings, copy, rows = chunk.partition(b"\nCOPY ")
                    chunk, is_older = settings.replace(NEW_SINCE_17, b"\n", 1) + copy + rows, False
                target.write(chunk)
            # What has not been read whole is never committed: psql finds the end of its input, and takes all back.
            if reading.wait() == 0:
                target.write(end.encode())
            target.close()
        except BrokenPipeError:
            reading.kill()
        finally:
            source.close()
            # Where it is broken off, too: psql would wait for more, and we for psql.
            with suppress(BrokenPipeError):
                target.close()
            reading.wait()
            writing.wait()
        if reading.returncode or writing.returncode:
            said.seek(0)
            raise BackupError(f"{failure}: {_last_words(said.read())}")


def _pipe(found: IO[bytes] | None) -> IO[bytes]:
    if found is None:
        raise AssertionError("asked for with PIPE")
    return found


def _tables(ask: Ask) -> list[str]:
    return [name for (name,) in ask("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")]


def _drop_left_over(server: psycopg.Connection) -> None:
    """Databases that a verification made and was killed before it could drop them."""
    began = re.compile(re.escape(f"{connection.settings_dict['NAME']}_aside_") + r"([0-9a-f]+)_[0-9a-f]{6}")
    for (name,) in server.execute("SELECT datname FROM pg_database").fetchall():
        match = began.fullmatch(name)
        if match and int(match[1], 16) < time.time() - LEFT_OVER:
            with suppress(psycopg.Error):  # somebody else's
                server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def connected(name: str = "") -> psycopg.Connection:
    """Past Django: a connection that is in no transaction."""
    parameters: dict[str, Any] = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key not in {"pool", "context", "cursor_factory", "prepare_threshold"}
    }
    return Connection.connect(**parameters | ({"dbname": name} if name else {}), autocommit=True)


# --- The client programs ----------------------------------------------------------------------------------------------


def _server() -> int:
    """The version of the server, such as 17."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def _path_of(program: str) -> str:
    """Of the server's own version where that is here."""
    if path := shutil.which(program, path=PROGRAMS / str(_server()) / "bin") or shutil.which(program):
        return path
    raise BackupError(
        f"{program} is not installed here. Backups of PostgreSQL are made with its client programs: install postgresql-client, of "
        "the version of the server or newer."
    )


def _check_program(program: str) -> None:
    """Raises BackupError where it is not there, or is older than the server."""
    said = subprocess.run([_path_of(program), "--version"], capture_output=True, text=True, env=_environment()).stdout  # noqa: S603
    found = re.search(r"(\d+)(?:\.\d+)*", said)
    server = _server()
    if found is None or int(found[1]) < server:
        raise BackupError(
            f"{program} here is of version {found[1] if found else 'unknown'} and the server of {server}: install "
            f"postgresql-client {server} or newer."
        )


def _client(program: str, database: str = "") -> list[str]:
    """A program and whom it is to ask; the password goes by the environment, where no list of processes shows it."""
    given = connection.settings_dict | ({"NAME": database} if database else {})
    _, *arguments = DatabaseClient.settings_to_cmd_args_env(given, [])[0]
    name = arguments.pop()
    return [_path_of(program), *arguments, "--no-password", f"--dbname={name}"]


NEEDED = {"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR"}


def _environment() -> dict[str, str]:
    """What PostgreSQL's programs need of ours: none of its secrets, since a dump may say what somebody else has written. With the
    options of DATABASE_URL, which take the place of PGOPTIONS as they do for connections.
    """  # fmt: skip
    own = {name: value for name, value in os.environ.items() if name in NEEDED or name.startswith(("PG", "LC_"))}
    given = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])[1] or {}
    options = connection.settings_dict["OPTIONS"].get("options")
    return own | ({"PGOPTIONS": options} if options else {}) | given


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(command, env=_environment(), capture_output=True)  # noqa: S603
    if done.returncode:
        raise BackupError(f"{failure}: {_last_words(done.stderr)}")


def _last_words(said: bytes) -> str:
    lines = [line for line in said.decode(errors="replace").strip().splitlines() if "error" in line.lower()]
    return lines[0].strip() if lines else "no reason was given."
