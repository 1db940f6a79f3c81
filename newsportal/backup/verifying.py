"""Proving a backup: it is restored aside, and everything that it says of itself is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from newsportal.backup import BackupError, engine_named, media
from newsportal.backup.archive import Manifest
from newsportal.backup.engine import Restored, counts, migrations
from newsportal.backup.opening import Opened, bar, opened, too_new


@dataclass(frozen=True)
class Verdict:
    """`problems`: one line for each thing wrong; none: it can be restored, here and now."""

    name: str
    manifest: Manifest
    problems: list[str]


def verify(address: str, *, unsigned: bool = False) -> Verdict:
    """The archive that is named, or the newest of a place, where there are any of this site its own newest.

    Raises BackupError for one that cannot even be opened, or that is not signed, unless `unsigned` is.
    """
    with opened(address, of=settings.SITE_URL, unsigned=unsigned) as backup:
        problems = []
        if reason := too_new(backup.manifest):
            problems.append(reason)
        with bar(len(backup.media), "Checking media", " files") as told:
            problems += media.wrong_in(backup.place, backup.media, told.update)
        try:
            aside = engine_named(backup.manifest.engine)
            with aside.aside(backup.database, backup.scratch) as restored:
                problems += restored.problems()
                problems += _against_manifest(restored, backup)
        except BackupError as error:
            problems.append(str(error))
        return Verdict(backup.name, backup.manifest, problems)


def _against_manifest(restored: Restored, backup: Opened) -> list[str]:
    problems = []
    there, said = counts(restored), backup.manifest.counts
    for table in sorted(there.keys() | said.keys()):
        if there.get(table) != said.get(table):
            found, wanted = (
                "no table" if one is None else f"{one} rows" for one in (there.get(table), said.get(table))
            )
            problems.append(f"{table}: there is {found}, and the manifest says {wanted}.")
    if migrations(restored) != backup.manifest.migrations:
        problems.append("The migrations of the database are not those of the manifest.")
    listed = {kept.name for kept in backup.media}
    for name in sorted(media.named(restored.ask, there) - listed):
        was = " It was lost before the backup was made." if name in backup.manifest.missing else ""
        problems.append(f"{name} is named by the database and is not in the backup.{was}")
    return problems
