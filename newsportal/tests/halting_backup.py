"""A backup, or the restoring of one, that halts in the middle and says so: for a test that kills it there.

python -m newsportal.tests.halting_backup <place> <media | database | archive | restore> <file that appears when it has halted>
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402  (needs the settings)

from newsportal.backup import archive, backing_up, site_database  # noqa: E402
from newsportal.backup.places import Folder  # noqa: E402


def after(do: Callable, sign: Path) -> Callable:
    def do_and_halt(*args: Any, **kwargs: Any) -> Any:
        result = do(*args, **kwargs)
        if not sign.exists():
            sign.touch()
            time.sleep(600)
        return result

    return do_and_halt


def halt_backing_up(place: str, where: str, sign: Path) -> None:
    if where == "media":
        # One file is in the place.
        Folder.put = after(Folder.put, sign)
    elif where == "database":
        with site_database().snapshot(Path(place).parent) as snapshot:
            kind = type(snapshot)
        kind.write = after(kind.write, sign)
    else:
        # All that is left is to give it its name.
        archive.write = after(archive.write, sign)
    backing_up.back_up(place)


def halt_restoring(place: str, sign: Path) -> None:
    if connection.vendor == "sqlite":
        from newsportal.backup.sqlite import Sqlite

        # Everything is ready, and what is there is kept aside.
        Sqlite._keep_aside = after(Sqlite._keep_aside, sign)
    else:
        from newsportal.backup import postgresql

        class Halting(subprocess.Popen):
            """All is in the transaction, and it is not committed."""

            wait = after(subprocess.Popen.wait, sign)

        postgresql.subprocess.Popen = Halting
    call_command("restore", place, replace=True, no_aside=True)


if __name__ == "__main__":
    place, where, sign = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if where == "restore":
        halt_restoring(place, sign)
    else:
        halt_backing_up(place, where, sign)
