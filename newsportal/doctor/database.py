"""The database: whether it answers, is new enough, set as it should be, migrated, and of one mind with us about the time."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.db import connection

from newsportal.doctor.finding import Finding, fine, odd, wrong
from newsportal.watching.health import readiness, unapplied

#: Scheduled stories appear by this machine's clock; what is stored has the database's in places. Seconds.
CLOCK_OFF = 2.0
#: In this many seconds a database that is well has answered.
PATIENCE = 5.0


def answers() -> list[Finding]:
    if "database" in readiness.missing(within=PATIENCE):
        return [
            wrong(
                "The database does not answer.",
                "Look whether it runs and whether DATABASE_URL names it; kept pages are still shown to readers.",
            )
        ]
    return _sqlite() if connection.vendor == "sqlite" else _postgresql()


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
