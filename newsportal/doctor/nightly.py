"""What a timer or cron does every night, and nobody would notice if it did it no more."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from newsportal import nightly
from newsportal.doctor import files
from newsportal.doctor.finding import Finding, fine, odd, told, wrong
from newsportal.models import LastDone

#: A night may be missed because the machine was off; two are none.
MISSED_AFTER = datetime.timedelta(hours=48)

MEND_BACKUP = (
    "Look at journalctl -u newsportal-backup, or at what cron says, and run manage.py backup and verify_backup by hand."
)
MEND_PROVING = (
    "Run manage.py verify_backup by hand and read what it says, then have it run each night after the backup. With PostgreSQL the "
    "account of DATABASE_URL needs CREATEDB (ALTER ROLE … CREATEDB)."
)
MEND_FORGETTING = (
    "Look at journalctl -u newsportal-nightly, or at what cron says, and run manage.py comment_retention by hand."
)
BEGIN = "Begin it: docs/operations.md, under “{}”. A timer that has just been set up does it in the night."


def every_night() -> list[Finding]:
    """Of an installation for the public; what was never done is only odd, for it may be new, or done by other means.

    Where backups are made, to prove none of them is neither for long.
    """
    last = nightly.last()
    if not (settings.TLS or last):
        return [fine("SITE_URL is http: a site to look at, of which no backup is asked.")]
    return [*_backup(last), *_forgetting(last)]


def _backup(last: dict[str, LastDone]) -> list[Finding]:
    made, verified = last.get(nightly.BACKUP), last.get(nightly.VERIFIED_BACKUP)
    if made and _is_missed(made):
        return [wrong(f"No backup has been made for {_age(made)}.", MEND_BACKUP)]
    first = last.get(nightly.FIRST_BACKUP)
    if not verified and first and _is_missed(first):
        what = f"Backups have been made for {_age(first)}, and none was ever proved: whether one can be restored is not known."
        return [wrong(what, MEND_PROVING)]
    if not verified:
        return [odd("No backup was ever verified.", BEGIN.format("Back up and restore"))]
    if _is_missed(verified):
        return [wrong(f"The newest backup that is known to be good is {_age(verified)} old.", MEND_BACKUP)]
    return [fine("A backup of the last two days is good.")]


def room_for_backups() -> list[Finding]:
    """Of the disk with the backups, where it is another one than those that everybody writes to.

    Nobody waits for it at the desk: it may be another machine's, which says nothing any more.
    """
    place = made.place if (made := nightly.last().get(nightly.BACKUP)) else ""
    # Another node, or a container, may not have the folder, or may not look into it, of which Path.is_dir() makes an error.
    is_here = os.path.isdir(place)  # noqa: PTH112
    found = files.room_in([Path(place)], beside=files.written_to()) if is_here else []
    return found or [fine("There is no disk for backups alone here.")]


def _forgetting(last: dict[str, LastDone]) -> list[Finding]:
    done = last.get(nightly.RETENTION)
    if not done:
        return [odd("What readers leave behind was never forgotten.", BEGIN.format("Every day"))]
    if _is_missed(done):
        what = f"What readers leave behind has not been forgotten for {_age(done)}: it is kept longer than they were promised."
        return [wrong(what, MEND_FORGETTING)]
    return [fine("What readers leave behind is forgotten in time.")]


def _is_missed(done: LastDone) -> bool:
    return timezone.now() - done.at > MISSED_AFTER


def _age(done: LastDone) -> str:
    return told((timezone.now() - done.at).total_seconds())
