"""A backup that halts in the middle, and says so: for a test that kills it there.

python -m newsportal.tests.halting_backup <place> <media | database | archive> <file that appears when it has halted>
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from newsportal.backup import archive, backing_up, site_database  # noqa: E402  (needs the apps)
from newsportal.backup.places import Folder  # noqa: E402


def after(do: Callable, sign: Path) -> Callable:
    def do_and_halt(*args: Any, **kwargs: Any) -> None:
        do(*args, **kwargs)
        sign.touch()
        time.sleep(600)

    return do_and_halt


if __name__ == "__main__":
    place, where, sign = sys.argv[1], sys.argv[2], Path(sys.argv[3])
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
