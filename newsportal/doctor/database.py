"""The database: whether it answers, takes writes, is new enough, set as it should be, migrated, and agrees about the time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from newsportal.database import patience
from newsportal.database.troubles import is_busy
from newsportal.doctor.finding import Finding, Level, fine, odd, wrong
from newsportal.models import LastDone
from newsportal.watching.health import readiness, unapplied

#: Scheduled stories appear by this machine's clock; what is stored has the database's in places. Seconds.
CLOCK_OFF = 2.0
#: In this many seconds a database that is well has answered.
PATIENCE = 5.0
NOT_WRITTEN = "The database takes no writes, and nothing can be saved"


def answers() -> list[Finding]:
    if "database" in readiness.missing(within=PATIENCE):
        # A file that may not be written to may be one that cannot be opened either: the journal is written by who reads, too.
        if connection.vendor == "sqlite" and (kept := takes_writes())[0].level is Level.WRONG:
            return kept
        return [
            wrong(
                "The database does not answer.",
                "Look whether it runs and whether DATABASE_URL names it; kept pages are still shown to readers.",
            )
        ]
    return [*(_sqlite() if connection.vendor == "sqlite" else _postgresql()), *_refuses_a_write()]


def takes_writes() -> list[Finding]:
    """As far as it can be told without a write, for which somebody at the desk would stand in line."""
    if connection.vendor == "sqlite":
        return _may_write(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery(), current_setting('transaction_read_only')")
        is_standby, is_read_only = cursor.fetchone()
    if is_standby:
        return [
            wrong(
                f"{NOT_WRITTEN}: it is a standby, which only follows another.",
                "Let DATABASE_URL name the one that it follows; where that is lost, have this one take over (SELECT pg_promote()).",
            )
        ]
    if is_read_only == "on":
        return [
            wrong(
                f"{NOT_WRITTEN}: default_transaction_read_only is on, as hosts set it while its disk is nearly full.",
                "Make room there, or give it a larger disk; where the host does not turn it off then, ALTER DATABASE … RESET "
                "default_transaction_read_only does (or ALTER ROLE, or ALTER SYSTEM); restart the site: connections keep it.",
            )
        ]
    return [fine("The database takes writes.")]


def _may_write(name: str | Path) -> list[Finding]:
    file = Path(name)
    journals = [file.with_name(f"{file.name}-{kind}") for kind in ("wal", "shm")]
    # In the folder the journals are made anew.
    needs = {file.parent: os.R_OK | os.W_OK | os.X_OK} | dict.fromkeys([file, *journals], os.R_OK | os.W_OK)
    kept_from = [path for path, need in needs.items() if os.access(path, os.F_OK) and not os.access(path, need)]
    if not kept_from:
        return [fine("The file of the database may be written to.")]
    paths = " ".join(map(str, kept_from))
    return [
        wrong(
            f"{NOT_WRITTEN}: this process, of the user {os.geteuid()}, may not write to {paths}.",
            f"As root: chown {os.geteuid()} {paths} && chmod u+rwX {paths}. Where that changes nothing, the disk is mounted to be "
            "read alone (dmesg says why), or the unit of systemd lacks the folder in ReadWritePaths=.",
        )
    ]


def _refuses_a_write() -> list[Finding]:
    """Whether a write is refused for another reason than `takes_writes` tells. No row is written, and nothing is kept."""
    if takes_writes()[0].level is Level.WRONG:
        return []
    try:
        with patience.of(PATIENCE), transaction.atomic():
            # Not BEGIN IMMEDIATE alone, which SQLite grants for a file that it can only read.
            LastDone.objects.filter(name="").update(place="")
            transaction.set_rollback(True)
    except DatabaseError as refusal:
        if is_busy(refusal):
            return [
                odd(
                    f"Somebody has been writing to the database for {PATIENCE:.0f} s.",
                    "Look again in a while: a migration that makes a table anew, or a stalled disk, has everybody else wait.",
                )
            ]
        return [
            wrong(
                f"{NOT_WRITTEN} ({refusal}).",
                "Look for room on its disk, and whether the account of DATABASE_URL may write to its tables.",
            )
        ]
    return []


def _sqlite() -> list[Finding]:
    version, mode, timeout = _one("SELECT sqlite_version()"), _one("PRAGMA journal_mode"), _one("PRAGMA busy_timeout")
    found = [
        fine(
            f"SQLite {version}, journal {mode.upper()}; requests wait for up to {settings.DATABASE_TIMEOUT} s for their turn to "
            f"write, commands for {timeout // 1000} s."
        )
    ]
    if mode != "wal":
        found.append(
            wrong(
                f"Its journal is “{mode}” and not WAL: readers wait for writers.",
                "Keep it on a local disk: WAL does not work over a network.",
            )
        )
    if timeout < 5_000:
        found.append(
            wrong("Writers give up at once.", "Leave the settings of the database as newsportal/settings.py has them.")
        )
    if (damage := _one("PRAGMA quick_check(1)")) != "ok":
        found.append(wrong(f"The file is damaged: {damage}", "Stop the site and restore the last backup."))
    return found


def _postgresql() -> list[Finding]:
    number, version = _one("SHOW server_version_num"), _one("SHOW server_version").split()[0]
    used, most = (
        _one("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"),
        int(_one("SHOW max_connections")),
    )
    pool = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    found = [fine(f"PostgreSQL {version}, {used} of {most} connections in use, up to {pool} a process.")]
    if int(number) < 140_000:
        found.append(
            wrong(f"PostgreSQL {version} is too old for Django.", "Upgrade it to 14 or newer; 15 is what is tested.")
        )
    if _one("SHOW server_encoding") != "UTF8":
        found.append(
            wrong("The database is not in UTF-8.", "Make one with ENCODING 'UTF8' and restore the backup into it.")
        )
    if used > most * 0.9:
        found.append(
            odd(
                f"{used} of {most} connections are in use.",
                "Lower DATABASE_POOL_SIZE, or raise max_connections and restart PostgreSQL.",
            )
        )
    for name, consequence in (
        ("fsync", "a crash destroys the database"),
        ("full_page_writes", "a crash may destroy the database"),
    ):
        if _one(f"SHOW {name}") != "on":
            found.append(wrong(f"{name} is off: {consequence}.", f"Set {name} = on in postgresql.conf and reload it."))
    return found


def migrations() -> list[Finding]:
    if waiting := unapplied():
        return [
            wrong(
                f"Migrations have not been applied: {len(waiting)}, beginning with {waiting[0]}.",
                "Run manage.py migrate, then restart.",
            )
        ]
    return [fine("All migrations have been applied.")]


def clock() -> list[Finding]:
    if connection.vendor == "sqlite":
        return [fine("The database has the clock of this machine.")]
    before = time.time()
    there = float(_one("SELECT extract(epoch FROM clock_timestamp())"))
    after = time.time()
    # It answered at some moment between the two.
    off = before - there if there < before else max(there - after, 0.0)
    if off > CLOCK_OFF:
        return [
            wrong(
                f"The clocks of this machine and of the database are {off:.0f} s apart: stories appear too early or too late.",
                "Let both machines set their clocks by NTP (timedatectl set-ntp true).",
            )
        ]
    return [fine("The clocks of this machine and of the database agree.")]


def _one(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]
