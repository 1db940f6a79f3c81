"""An archive on this machine, of which every byte has been checked: what both restoring and verifying begin with."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from tqdm import tqdm

from newsportal.backup import BackupError
from newsportal.backup.archive import Archive, Kept, Manifest, check_seal
from newsportal.backup.engine import unknown_migrations
from newsportal.backup.places import Place, found

#: What the names of temporary folders begin with.
SCRATCH = ".newsportal-backup-"
#: Older than any verification takes, in seconds.
LEFT_OVER = 24 * 3600


@dataclass(frozen=True)
class Opened:
    """`database`: the member, extracted. `scratch`: a folder that is gone afterwards."""

    name: str
    place: Place
    manifest: Manifest
    database: Path
    media: list[Kept]
    scratch: Path


@contextmanager
def opened(address: str, scratch_in: Path | None = None, *, of: str = "", unsigned: bool = False) -> Iterator[Opened]:
    """The archive that is named, or the newest of a place. Raises BackupError for one that is not as it was written.

    `of`: a site, whose archives go before all others of the place. `unsigned`: also one that this installation has not signed.

    `scratch_in`: the folder in which the database is extracted, by default beside the archive, where there is room for one that is
    as large, else that for temporary files.
    """
    at, name = found(address, of)
    if scratch_in := scratch_in or at.beside():
        sweep(scratch_in)
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=scratch_in) as folder:
        scratch = Path(folder)
        local = scratch / name
        at.fetch(name, local)
        with bar(local.stat().st_size, "Checking the archive", "B", scaled=True) as told:
            check_seal(local, told.update)
        with local.open("rb") as file, Archive(file, name) as archive:
            if not (archive.is_signed or unsigned):
                raise BackupError(
                    f"{name} is not signed with this installation's SECRET_KEY. It was made with another one, or before newsportal "
                    "signed its backups, or by somebody else; and a database comes back with whatever is in it. If you know where "
                    "it comes from, say --unsigned."
                )
            database = scratch / archive.database
            size = archive.manifest.members[archive.database]["size"]
            with bar(size, "Unpacking the database", "B", scaled=True) as told:
                archive.extract(database, told.update)
            media = list(archive.media())
            manifest = archive.manifest
        local.unlink()
        if (manifest.media_files, manifest.media_bytes) != (len(media), sum(kept.size for kept in media)):
            raise BackupError(f"The list of media in {name} is not as long as the manifest says.")
        yield Opened(name, at, manifest, database, media, scratch)


def beside_database() -> Path | None:
    """Where a database is large, temporary files may have no room."""
    if connection.vendor != "sqlite":
        return None
    return Path(connection.settings_dict["NAME"]).parent


@contextmanager
def ended_tidily() -> Iterator[None]:
    """Told within to end by SIGTERM, or by a terminal that closes, it takes away what it has made aside, as at its end."""
    # Who has said nohup is not told of the terminal.
    signals = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, lambda *_: sys.exit(1)) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def sweep(folder: Path) -> None:
    """What somebody who was killed has left; another one may be verifying an archive here."""
    for left in folder.glob(f"{SCRATCH}*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - LEFT_OVER:
                shutil.rmtree(left, ignore_errors=True)


def too_new(manifest: Manifest) -> str:
    """Why this version of the code cannot use the backup; "" where it can."""
    if unknown := unknown_migrations(manifest.migrations):
        return (
            f"The backup is of a newer newsportal ({manifest.newsportal}): this one does not know {unknown[0]}"
            f"{f' and {len(unknown) - 1} more migrations' if len(unknown) > 1 else ''}. Update newsportal first."
        )
    return ""


def bar(total: int | None, what: str, unit: str, *, scaled: bool = False) -> tqdm:
    """Progress on a terminal; elsewhere nothing."""
    return tqdm(total=total, desc=what, unit=unit, unit_scale=scaled, disable=None, file=sys.stderr, leave=False)
