"""Making a backup while the site is running."""

from __future__ import annotations

import errno
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django
from django.conf import settings
from django.db import DatabaseError, transaction

from newsportal import nightly
from newsportal.backup import BackupError, archive, media, site_database
from newsportal.backup.archive import Archive, Kept, Manifest
from newsportal.backup.engine import LEFT_OUT, Engine, counts, migrations
from newsportal.backup.opening import bar, beside_database, sweep
from newsportal.backup.places import ARCHIVE, NoRoom, Place, check_room, in_pool, is_aside, moment_of, name_of, place
from newsportal.environment import BASE_DIR

#: Times that the database is read anew because files that its rows name were removed before they were copied.
ATTEMPTS = 5
#: In names of archives.
MOMENT = "%Y%m%dT%H%M%SZ"
#: Backups that are made one after the other are named a second after each other.
SAME_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True)
class Made:
    """A backup that is there. `copied_…`: of the media, what was not there before; `deleted`: names of older archives."""

    name: str
    place: Place
    manifest: Manifest
    copied_files: int
    copied_bytes: int
    deleted: list[str]
    warnings: list[str]


def back_up(address: str, *, keep: int = 0) -> Made:
    """Make one; then, with `keep`, delete all of this site but so many, and files that no archive lists. Raises BackupError.

    Neither the last one that has proved good is deleted nor any after it: they may all lack the same.
    """
    database = site_database()
    with database.only_one():
        if folder := beside_database():
            sweep(folder)
        return back_up_to(place(address), database, keep=keep)


def back_up_to(at: Place, database: Engine, *, keep: int = 0, suffix: str = "") -> Made:
    """For who has `database.only_one()` already. `suffix`: of the archive's name, "" or BEFORE_RESTORE."""
    if at.is_among_media():
        raise BackupError(f"{at} is where the media are: readers could fetch the backup. Choose another place.")
    warnings: list[str] = []
    with at.writing() as scratch:
        collected = media.Collected(at, scratch, _listed_before(at))
        with _nothing_left_where_no_room(at, collected):
            packed, manifest = _made_ready(at, database, scratch, collected, suffix, warnings)
            at.settle()
            at.put(packed, packed.name)
        at.settle()
        deleted: list[str] = []
        if keep:
            deleted = _delete_all_but(at, keep, warnings)
    return Made(packed.name, at, manifest, collected.copied_files, collected.copied_bytes, deleted, warnings)


def _made_ready(
    at: Place, database: Engine, scratch: Path, collected: media.Collected, suffix: str, warnings: list[str]
) -> tuple[Path, Manifest]:
    """An archive that has all but its place, and what it says of itself; the media are where they belong."""
    if at.free() is not None:
        check_room(at, collected.to_come(media.files()) + database.size())
    with bar(None, "Copying media", " files") as told:
        collected.collect(media.files(), told.update)
    name, made_at = _new_name(at, suffix, warnings)
    dumped = scratch / database.member
    check_room(at, database.size())
    missing: set[str] | None = None
    for _ in range(ATTEMPTS):
        with database.snapshot(scratch) as snapshot:
            rows, applied = counts(snapshot), migrations(snapshot)
            missing, before = collected.settled(media.named(snapshot.ask, rows), _nothing), missing
            # What is missing twice is not on its way out: it is lost.
            if not missing or missing == before:
                snapshot.write(dumped)
                break
    else:
        raise BackupError("Pictures were removed faster than they could be copied: try again when it is quieter.")
    warnings += [f"{lost} is named by the database and is not in the storage." for lost in sorted(missing)]
    sizes = [kept.size for kept in collected.all()]
    manifest = Manifest(
        made_at=made_at.isoformat(), site=settings.SITE_URL, newsportal=version(), django=django.get_version(),
        engine=database.name, engine_version=database.version(), migrations=applied,
        counts=rows | dict.fromkeys(set(LEFT_OUT) & rows.keys(), 0), media_files=len(sizes),
        media_bytes=sum(sizes), missing=sorted(missing),
    )  # fmt: skip
    packed = scratch / name
    with bar(dumped.stat().st_size, "Packing the database", "B", scaled=True) as told:

        def packing(count: int) -> None:
            check_room(at, count)
            told.update(count)

        archive.write(packed, manifest, dumped, collected.all(), packing)
    return packed, manifest


@contextmanager
def _nothing_left_where_no_room(at: Place, collected: media.Collected) -> Iterator[None]:
    """What has been copied of a backup that finds no room would only fill the disk; else it spares the next one the work."""
    try:
        yield
    except NoRoom:
        collected.take_back()
        raise
    except (BackupError, OSError) as error:
        # Databases and their programs say in words of their own that a disk is full.
        try:
            check_room(at, 0)
        except NoRoom as no_room:
            collected.take_back()
            raise no_room from error
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            collected.take_back()
            raise NoRoom(f"There is no room for the backup in {at}: {error.strerror}.") from error
        raise


def version() -> str:
    """Of newsportal."""
    return tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]


def site() -> str:
    """What the names of this site's archives begin with."""
    return name_of(settings.SITE_URL)


def _nothing(count: int) -> None:
    pass


def _new_name(at: Place, suffix: str, warnings: list[str]) -> tuple[str, datetime]:
    moment, taken = datetime.now(UTC).replace(microsecond=0), set(at.archives())
    # By their names the newest is restored and the oldest are deleted, whatever this clock says today.
    newest = max((_when(name) for name in _own(at)), default=moment)
    if newest > moment:
        if newest > moment + SAME_MOMENT:
            warnings.append(
                f"There is a backup of {newest:%-d %B %Y, %H:%M} UTC, which is yet to come: this one is named after it. "
                "Look at the clock."
            )
        moment = newest + timedelta(seconds=1)
    while (name := f"{site()}-{moment:{MOMENT}}{suffix}.zip") in taken:
        moment += timedelta(seconds=1)
    return name, moment


def _when(archive: str) -> datetime:
    with suppress(ValueError):
        return datetime.strptime(moment_of(archive), MOMENT).replace(tzinfo=UTC)
    return datetime.min.replace(tzinfo=UTC)


def _own(at: Place) -> list[str]:
    return [name for name in at.archives() if (match := ARCHIVE.fullmatch(name)) and match["site"] == site()]


def _listed_before(at: Place) -> list[Kept]:
    """By the newest archive here that can be read and is signed: else what somebody else says of files would be signed as true.
    Without one all files are read."""
    for name in reversed(_own(at)):
        with suppress(BackupError), at.open(name) as file, Archive(file, name) as opened:
            if opened.is_signed:
                return list(opened.media())
    return []


def _listed(at: Place, name: str) -> Iterator[Kept]:
    with at.open(name) as file, Archive(file, name) as opened:
        yield from opened.media()


def _delete_all_but(at: Place, keep: int, warnings: list[str]) -> list[str]:
    own = _own(at)
    asked_for = [name for name in own if not is_aside(name)]
    try:
        since_good = _since_good(asked_for)
    except DatabaseError as error:
        warnings.append(f"No backup was deleted, since the database does not say which has proved good: {error}")
        return []
    kept = max(asked_for[-keep:], since_good, key=len)
    # The one that was made just now nobody can have proved.
    if len(kept) > max(keep, 2):
        warnings.append(
            f"{len(kept)} backups are kept, and not {keep}: none since {kept[0]} has proved good. `verify_backup` says why."
        )
    # With those of before a restore that are older than all that are kept.
    deleted = own[: own.index(kept[0])]
    for name in deleted:
        at.delete(name)
    try:
        listed = {bytes.fromhex(kept.sha256) for name in at.archives() for kept in _listed(at, name)}
    except BackupError as error:
        warnings.append(f"No media file was deleted, since it is not known which are needed: {error}")
        return deleted
    _delete(at, [sha256 for sha256 in at.pool() if bytes.fromhex(sha256) not in listed])
    return deleted


def _since_good(archives: list[str]) -> list[str]:
    """Of these, oldest first, the last that has proved good and all after it; none where that is not known of any.

    By its moment: of several places in which a site has backups one is tried.
    """
    with transaction.atomic():
        proved = nightly.last().get(nightly.VERIFIED_BACKUP)
    older = [name for name in archives if proved and _when(name) <= proved.at]
    return archives[len(older) - 1 :] if older else []


def _delete(at: Place, files: Iterable[str]) -> None:
    for _ in media.each(lambda sha256: at.delete(in_pool(sha256)), files):
        pass
