"""Putting a backup in the place of what is there; until everything has been checked and made ready nothing is touched."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection

from newsportal import nightly
from newsportal.backup import BackupError, engine_named, media, site_database
from newsportal.backup.archive import Manifest
from newsportal.backup.backing_up import back_up_to
from newsportal.backup.engine import pending_migrations
from newsportal.backup.opening import bar, beside_database, opened, too_new
from newsportal.backup.places import BEFORE_RESTORE, found
from newsportal.models import LastDone
from newsportal.page_cache import restored


@dataclass(frozen=True)
class Done:
    """`media_files`: how many were missing or different. `migrations`: that were run. `aside`: where what was there is kept;
    `restart`: whether processes that are running have to be begun anew."""

    name: str
    manifest: Manifest
    media_files: int
    migrations: list[str]
    aside: str
    restart: bool


def restore(
    address: str, *, replace: bool = False, keep_aside: bool = True, from_site: str = "", unsigned: bool = False
) -> Done:
    """Restore an archive, or the newest of a place, where there are any of this site its own newest.

    `replace`: also where the database is not empty; what is there is kept aside first, unless `keep_aside` is False and the
    database is one that would have to be dumped for it. `from_site`: the site that the archive is of; only an empty database takes
    one of another site than this without it. `unsigned`: also one that this installation has not signed. Raises BackupError, and
    then nothing has been replaced.
    """
    database = site_database()
    of = from_site or settings.SITE_URL
    found(address, of)
    with database.only_one():
        is_empty = database.is_empty()
        if not is_empty and not replace:
            raise BackupError(
                "The database is not empty. `--replace` puts the backup in its place, and keeps what is there aside."
            )
        with opened(address, beside_database(), of=of, unsigned=unsigned) as backup:
            if reason := _foreign(backup.manifest.site, from_site, is_empty=is_empty):
                raise BackupError(reason)
            if backup.manifest.engine not in {database.name, *database.takes_over}:
                raise BackupError(
                    f"The backup is of {backup.manifest.engine} and this site's database is {database.name}: a backup is restored "
                    "into the kind of database that it was made of, or one of SQLite into PostgreSQL."
                )
            if reason := too_new(backup.manifest):
                raise BackupError(reason)
            engine_named(backup.manifest.engine).check(backup.database)
            with bar(len(backup.media), "Comparing media", " files") as told:
                missing, different = media.lacking(backup.media, told.update)
            lacking = missing + different
            with bar(len(lacking), "Checking media", " files") as told:
                if wrong := media.wrong_in(backup.place, lacking, told.update):
                    raise BackupError(wrong[0] if len(wrong) == 1 else f"{wrong[0]} And {len(wrong) - 1} more.")
            pending = pending_migrations(backup.manifest.migrations)
            is_moving = backup.manifest.engine != database.name
            file = database.converted(backup.database, backup.scratch) if is_moving else backup.database
            # Media first: a row never lacks its files. Those that come where nothing was take nothing away, should all else fail.
            # It may take hours, in which the site goes on, and what is kept aside is to have that, too.
            with bar(len(lacking), "Restoring media", " files") as told:
                media.put_back(backup.place, missing, told.update)
                aside = ""
                if not is_empty and keep_aside and database.name == "postgresql":
                    made = back_up_to(backup.place, database, suffix=BEFORE_RESTORE)
                    aside = f"{made.place}/{made.name}"
                media.put_back(backup.place, different, told.update)
            of_database, of_redis = database.numbers(), restored.known_in_redis()
            least = restored.least([*of_database.values(), *of_redis.values()])
            last_done = [] if is_empty else _last_done()
            try:
                database.replace(
                    file,
                    migrate=bool(pending) and not is_moving,
                    least=least,
                    keys=of_database.keys() | of_redis.keys(),
                )
            except SystemExit:
                # A signal is heard when a database has answered: it may be replaced, and then no page of before is to be shown.
                _settle(last_done)
                raise
            # What was there may have removed files of its own until now.
            there = media.listing()
            gone = [kept for kept in backup.media if there.get(kept.name, (None,))[0] != kept.size]
            media.put_back(backup.place, gone, lambda count: None)
            _settle(last_done)
            aside = aside or (str(database.kept_aside) if database.kept_aside else "")
            return Done(backup.name, backup.manifest, len(lacking), pending, aside, database.moved)


def _foreign(site: str, named: str, *, is_empty: bool) -> str:
    """Why an archive of this site is not meant for this installation; "" where it is."""
    if named:
        return "" if site == named else f"The backup is of {site}, and --from-site names {named}."
    if is_empty or site == settings.SITE_URL:
        return ""
    return (
        f"The backup is of {site}, and this installation, which is not empty, is {settings.SITE_URL} (SITE_URL). If the one is to "
        f"take the place of the other, say so: --from-site {site}"
    )


def _settle(last_done: list[LastDone]) -> None:
    connection.close()
    ContentType.objects.clear_cache()
    nightly.put_back(last_done)
    restored.settle()


def _last_done() -> list[LastDone]:
    """As far as the site's database can still be read."""
    try:
        return list(nightly.last().values())
    except DatabaseError:
        return []
    finally:
        # It may be moved out of the way.
        connection.close()
