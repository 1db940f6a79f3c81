"""Where backups are kept: a folder, or a bucket of S3-compatible storage. Both have the same inside.

    news.example.org-20261128T031500Z.zip                   an archive
    news.example.org-20261128T101500Z-before-restore.zip    what a restored one has replaced: it is never the newest
    media/ab/abcdef…                                        a media file by its SHA-256, once for all archives that list it

Nothing stands under its name before it is whole.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.template.defaultfilters import filesizeformat

from newsportal.backup import BackupError
from newsportal.backup.archive import copied
from newsportal.doctor.files import ALMOST_NONE

POOL = "media"
BEFORE_RESTORE = "-before-restore"
ARCHIVE = re.compile(rf"(?P<site>[\w.-]+)-(?P<moment>\d{{8}}T\d{{6}}Z)(?P<aside>{BEFORE_RESTORE})?\.zip")
IN_POOL = re.compile(rf"{POOL}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})")
#: Bytes that are asked for at once of an archive in a bucket of which only a part is read.
AHEAD = 2**18


def in_pool(sha256: str) -> str:
    """The name of a media file in a place."""
    return f"{POOL}/{sha256[:2]}/{sha256}"


def name_of(site: str) -> str:
    """What the names of a site's archives begin with. `site`: its SITE_URL."""
    return re.sub(r"[^\w.-]", "-", urlsplit(site).hostname or "", flags=re.ASCII)


def moment_of(archive: str) -> str:
    match = ARCHIVE.fullmatch(archive)
    return match["moment"] if match else ""


def is_aside(archive: str) -> bool:
    """Whether it holds what was replaced by restoring another."""
    return archive.endswith(f"{BEFORE_RESTORE}.zip")


def _by_age(archive: str) -> tuple[str, bool, str]:
    return moment_of(archive), is_aside(archive), archive


class NoRoom(BackupError):
    """The disk of a place is full, or would be."""


class Place(Protocol):
    def is_among_media(self) -> bool:
        """Whether it is in the storage of the media itself: readers could fetch backups, and each would hold the one before."""

    def archives(self) -> list[str]:
        """The names of the archives, oldest first."""

    def pool(self) -> dict[str, int]:
        """SHA-256 → size of the media files that are there."""

    def writing(self) -> AbstractContextManager[Path]:
        """A folder for files that are on their way; nothing of it is left afterwards. Raises BackupError where somebody
        else writes here."""

    def free(self) -> int | None:
        """Bytes for which there is room; None where there is no end."""

    def put(self, path: Path, name: str) -> None:
        """Move a whole file of the folder of `writing` to its name, in one step."""

    def open(self, name: str) -> IO[bytes]:
        """Raises FileNotFoundError."""

    def fetch(self, name: str, path: Path) -> None:
        """Have an archive at a new path on this machine, to be read and not changed. Raises FileNotFoundError."""

    def beside(self) -> Path | None:
        """A folder for what archives are unpacked into; None: that for temporary files, which may be memory."""

    def delete(self, name: str) -> None: ...

    def settle(self) -> None:
        """See to it that what was put here outlives a power cut."""


class Folder:
    def __init__(self, path: Path):
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def is_among_media(self) -> bool:
        try:
            return self._path.resolve().is_relative_to(Path(default_storage.path("")).resolve())
        except NotImplementedError:  # media are no files of this machine
            return False

    def archives(self) -> list[str]:
        names = [entry.name for entry in os.scandir(self._path)] if self._path.is_dir() else []
        return sorted(filter(ARCHIVE.fullmatch, names), key=_by_age)

    def pool(self) -> dict[str, int]:
        found = {}
        for folder in (self._path / POOL).glob("[0-9a-f][0-9a-f]"):
            for entry in os.scandir(folder):
                if IN_POOL.fullmatch(f"{POOL}/{folder.name}/{entry.name}"):
                    found[entry.name] = entry.stat().st_size
        return found

    @contextmanager
    def writing(self) -> Iterator[Path]:
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A file of its own: the folder may be that of the database, which has a lock of its own (newsportal.backup.sqlite).
            lock = os.open(self._path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BackupError(f"{self._path} cannot be written to: {error.strerror}.") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BackupError(f"Another backup is being written to {self._path}.") from None
            scratch = self._path / ".partial"
            # What somebody who was killed has left.
            shutil.rmtree(scratch, ignore_errors=True)
            try:
                scratch.mkdir(mode=0o700)
            except OSError as error:
                raise BackupError(f"{self._path} cannot be written to: {error.strerror}.") from error
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        finally:
            os.close(lock)

    def free(self) -> int:
        return shutil.disk_usage(self._path).free

    def put(self, path: Path, name: str) -> None:
        target = self._path / name
        # One by one: of several that it makes, `parents` gives the mode to the last alone.
        for folder in (target.parent.parent, target.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        path.replace(target)

    def open(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")

    def fetch(self, name: str, path: Path) -> None:
        try:
            # Another name for it takes no room, and stays when the archive is deleted meanwhile.
            path.hardlink_to(self._path / name)
        except OSError:
            with self.open(name) as source:
                copied(source, path)

    def beside(self) -> Path | None:
        return self._path if os.access(self._path, os.W_OK | os.X_OK) else None

    def delete(self, name: str) -> None:
        (self._path / name).unlink(missing_ok=True)

    def settle(self) -> None:
        # One call for however many files have come.
        os.sync()


class Bucket:
    """`prefix`: "" or one that ends in a slash."""

    def __init__(self, bucket: str, prefix: str):
        try:
            from storages.backends.s3 import S3Storage
        except ImportError:
            raise BackupError("A backup to S3 needs `pip install -r requirements-scale.txt`.") from None
        self._bucket, self._prefix = bucket, prefix
        from newsportal.s3 import client_config

        # With the same keys, and in the same way, as media; but nobody waits at a form.
        config = client_config(connect_timeout=10, read_timeout=60, retries={"total_max_attempts": 5})
        self._client: Any = S3Storage(bucket_name=bucket, client_config=config, **settings.S3).connection.meta.client

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def is_among_media(self) -> bool:
        if getattr(default_storage, "bucket_name", None) != self._bucket:
            return False
        location = default_storage.location.strip("/")  # type: ignore[attr-defined]
        return f"{self._prefix}/".startswith(f"{location}/" if location else "")

    def archives(self) -> list[str]:
        names = [name for name, _ in self._listed("", delimiter="/")]
        return sorted(filter(ARCHIVE.fullmatch, names), key=_by_age)

    def pool(self) -> dict[str, int]:
        found = {}
        for name, size in self._listed(f"{POOL}/"):
            if match := IN_POOL.fullmatch(name):
                found[match[2]] = size
        return found

    def _listed(self, under: str, **options: str) -> Iterator[tuple[str, int]]:
        options = {name.capitalize(): value for name, value in options.items()}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + under, **options
        )
        with _said(self):
            for page in pages:
                for item in page.get("Contents", ()):
                    yield item["Key"].removeprefix(self._prefix), item["Size"]

    @contextmanager
    def writing(self) -> Iterator[Path]:
        # An object appears when it has been sent whole: nothing of one that was broken off is seen.
        with tempfile.TemporaryDirectory(prefix="newsportal-backup-") as scratch:
            yield Path(scratch)

    def free(self) -> None:
        return None

    def put(self, path: Path, name: str) -> None:
        with _said(self):
            self._client.upload_file(str(path), self._bucket, self._prefix + name)
        path.unlink()

    def open(self, name: str) -> IO[bytes]:
        return io.BufferedReader(_Object(self._client, self._bucket, self._prefix + name), AHEAD)

    def fetch(self, name: str, path: Path) -> None:
        with self.open(name) as source:
            copied(source, path)

    def beside(self) -> Path | None:
        return None

    def delete(self, name: str) -> None:
        with _said(self):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def settle(self) -> None:
        pass


@contextmanager
def _said(bucket: Bucket) -> Iterator[None]:
    """What the storage refuses, in a sentence; what it says never names a key's secret."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise BackupError(f"{bucket} cannot be used: {error}") from error


class _Object(io.RawIOBase):
    """An object of a bucket, of which only what is read is fetched."""

    def __init__(self, client: Any, bucket: str, key: str):
        from botocore.exceptions import ClientError

        self._client, self._bucket, self._key = client, bucket, key
        try:
            self._size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                raise FileNotFoundError(key) from error
            raise BackupError(f"s3://{bucket}/{key} cannot be read: {error}") from error
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if self._position >= end:
            return 0
        asked = f"bytes={self._position}-{end - 1}"
        content = self._client.get_object(Bucket=self._bucket, Key=self._key, Range=asked)["Body"].read()
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def check_room(at: Place, size: int) -> None:
    """Raises NoRoom where so many bytes more would leave almost none to the site, which may write to the same disk."""
    free = at.free()
    if free is not None and free - size < ALMOST_NONE:
        raise NoRoom(
            f"There is no room for the backup in {at}: {filesizeformat(free)} are free there, and {filesizeformat(size)} are "
            f"needed, with {filesizeformat(ALMOST_NONE)} left to others. Delete older backups, or have them on a larger disk."
        )


def place(address: str) -> Place:
    """The place that an operator has named: a folder, or s3://bucket/prefix. Raises BackupError."""
    if not address.startswith("s3://"):
        if "://" in address:
            raise BackupError(f"{address} is neither a folder nor s3://bucket/prefix.")
        return Folder(Path(address).expanduser().absolute())
    parts = urlsplit(address)
    if not parts.netloc:
        raise BackupError("Name a bucket: s3://bucket/prefix.")
    prefix = parts.path.strip("/")
    return Bucket(parts.netloc, f"{prefix}/" if prefix else "")


def found(address: str, of: str = "") -> tuple[Place, str]:
    """The place and the name of an archive: of the one that is named, or of the newest in the place that is. Raises BackupError.

    `of`: a site, whose newest it is where it has any there. Without one, all archives of a place must be of one site.
    """
    folder, _, last = address.rpartition("/")
    if last.endswith(".zip"):
        at = place(folder if folder or address.startswith("/") else ".")
        with suppress(FileNotFoundError):
            at.open(last).close()
            return at, last
        raise BackupError(f"There is no {last} in {at}.")
    at = place(address)
    matches = [match for name in at.archives() if (match := ARCHIVE.fullmatch(name)) and not match["aside"]]
    if not matches:
        raise BackupError(f"There is no backup in {at}.")
    sites = {match["site"] for match in matches}
    if of and name_of(of) in sites:
        matches = [match for match in matches if match["site"] == name_of(of)]
    elif len(sites) > 1:
        raise BackupError(f"There are backups of {' and '.join(sorted(sites))} in {at}: name the archive.")
    return at, matches[-1][0]
