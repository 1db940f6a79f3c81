"""The file that a backup is: a ZIP archive of the database, the list of the media, and a manifest that says what they must be.

    database.sqlite3 | database.dump    SQLite's file, or pg_dump's custom format
    media.jsonl                         a line for each file: name, size, modified, sha256. The bytes are beside the archive
    manifest.json                       format, site, versions, migrations, counts, and size and SHA-256 of the members

The archive's comment is a signature and a seal. The seal, the last 64 bytes, is the SHA-256 of all before them: of a damaged or
shortened file nothing is believed. The signature, made with SECRET_KEY, is of the manifest, which has checksums of all else: nobody
can make one who can only write where archives are kept. Archives of before December 2026 have a seal alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from django.core.signing import BadSignature, Signer

from newsportal.backup import BackupError

FORMAT, VERSION = "newsportal-backup", 1
MANIFEST, MEDIA = "manifest.json", "media.jsonl"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}

SEAL, SIGNATURE = 64, 43
CHUNK = 2**20
#: No manifest is longer: it holds a name and a number for each table, and a name for each migration and each lost file.
LONGEST_MANIFEST = 64 * 2**20

Progress = Callable[[int], Any]


class Damaged(BackupError):
    """It is not as it was written, or was never written by us."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A media file: its name in the storage, its size in bytes, when it was modified (as the storage says it), its SHA-256."""

    name: str
    size: int
    modified: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself.

    `made_at`: ISO 8601, UTC. `engine`: a key of DATABASES. `migrations`: app → names. `counts`: table → rows. `missing`: files
    that rows name and that were not in the storage. `members`: name → {"size", "sha256"}.
    """

    made_at: str
    site: str
    newsportal: str
    django: str
    engine: str
    engine_version: str
    migrations: dict[str, list[str]]
    counts: dict[str, int]
    media_files: int
    media_bytes: int
    missing: list[str]
    members: dict[str, dict[str, Any]] = field(default_factory=dict)


def hashed(file: IO[bytes], progress: Progress | None = None, length: int | None = None) -> str:
    """SHA-256, in hexadecimal, of what is left of the file, or of so many bytes of it."""
    digest, left = hashlib.sha256(), length
    while chunk := file.read(CHUNK if left is None else min(CHUNK, left)):
        digest.update(chunk)
        left = None if left is None else left - len(chunk)
        if progress:
            progress(len(chunk))
    return digest.hexdigest()


# --- Writing ----------------------------------------------------------------------------------------------------------


def write(path: Path, manifest: Manifest, database: Path, media: Iterable[Kept], progress: Progress) -> None:
    """Make the archive; `progress` is called with each number of bytes of the database that are in it."""
    members: dict[str, dict[str, Any]] = {}
    with path.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        path.chmod(0o600)
        # pg_dump has compressed already. Of a database, fast is nearly as small as slow.
        compression = zipfile.ZIP_DEFLATED if manifest.engine == "sqlite" else zipfile.ZIP_STORED
        with database.open("rb") as source, _member(packed, DATABASES[manifest.engine], compression, 1) as member:
            _copy(source, member, members, progress)
        with _member(packed, MEDIA, zipfile.ZIP_DEFLATED, 6) as member:
            digest, size = hashlib.sha256(), 0
            for kept in media:
                line = json.dumps(asdict(kept), ensure_ascii=False).encode() + b"\n"
                member.write(line)
                digest.update(line)
                size += len(line)
            members[MEDIA] = {"size": size, "sha256": digest.hexdigest()}
        told = {"format": FORMAT, "version": VERSION} | asdict(manifest) | {"members": members}
        manifest_file = json.dumps(told, ensure_ascii=False, indent=1).encode()
        packed.writestr(MANIFEST, manifest_file)
        packed.comment = signature(manifest_file) + b"0" * SEAL
    seal(path)


def _member(packed: zipfile.ZipFile, name: str, compression: int, level: int) -> Any:
    told = zipfile.ZipInfo(name)
    told.compress_type, told.external_attr = compression, 0o600 << 16
    told._compresslevel = level  # type: ignore[attr-defined]  # public from Python 3.13 on, as compress_level
    return packed.open(told, "w", force_zip64=True)


def _copy(source: IO[bytes], member: Any, members: dict[str, dict[str, Any]], progress: Progress) -> None:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        member.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        progress(len(chunk))
    members[member._zinfo.filename] = {"size": size, "sha256": digest.hexdigest()}


def signature(manifest_file: bytes) -> bytes:
    """SIGNATURE bytes, which only who has SECRET_KEY can make."""
    return _signer().signature(hashlib.sha256(manifest_file).hexdigest()).encode()


def _is_signature(comment: bytes, manifest_file: bytes) -> bool:
    """Also with what SECRET_KEY was before, as long as SECRET_KEY_FALLBACKS has it."""
    signed = f"{hashlib.sha256(manifest_file).hexdigest()}:{comment[:-SEAL].decode(errors='replace')}"
    try:
        _signer().unsign(signed)
    except BadSignature:
        return False
    return True


def _signer() -> Signer:
    return Signer(salt="newsportal.backup")


def seal(path: Path) -> None:
    """Write the SHA-256 of the whole file into its last 64 bytes."""
    with path.open("r+b") as file:
        end = file.seek(-SEAL, 2)
        file.seek(0)
        digest = hashed(file, length=end)
        file.seek(end)
        file.write(digest.encode())


# --- Reading ----------------------------------------------------------------------------------------------------------


def check_seal(path: Path, progress: Progress | None = None) -> None:
    """Raises Damaged unless every byte is as it was written."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size <= SEAL:
            raise Damaged(f"{path.name} is too short to be a backup.")
        file.seek(size - SEAL)
        seal_read = file.read()
        if not re.fullmatch(rb"[0-9a-f]{64}", seal_read):
            raise Damaged(
                f"{path.name} is not a whole backup of newsportal: it is cut off, damaged, or something else."
            )
        file.seek(0)
        if hashed(file, progress, length=size - SEAL).encode() != seal_read:
            raise Damaged(f"{path.name} is damaged: its checksum is not the one that it was written with.")


class Archive:
    """An archive that is read, strictly: whatever is not as `write` makes it raises Damaged. Close it, or use `with`.

    `is_signed`: by who has this installation's SECRET_KEY; all else about it is checked as well where it is not.
    """

    def __init__(self, file: IO[bytes], name: str):
        self.name = name
        try:
            self._packed = zipfile.ZipFile(file)
            self.manifest = self._read_manifest()
        except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OverflowError) as error:
            raise Damaged(f"{name} cannot be read as a backup: {error}.") from error

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exception: object) -> None:
        self._packed.close()

    @property
    def database(self) -> str:
        """The name of the member that is the database."""
        return DATABASES[self.manifest.engine]

    def extract(self, path: Path, progress: Progress | None = None) -> None:
        """Write the database to a new file, and hold it against the manifest."""
        with path.open("xb") as target:
            path.chmod(0o600)
            for chunk in self._checked(self.database):
                target.write(chunk)
                if progress:
                    progress(len(chunk))

    def media(self) -> Iterator[Kept]:
        """The files of the list, in its order. Raises Damaged at a line that is none, and at the end for a wrong checksum."""
        rest = b""
        for chunk in self._checked(MEDIA):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield _kept(line, self.name)
        if rest:
            raise Damaged(f"The list of media in {self.name} is cut off.")

    def _checked(self, member: str) -> Iterator[bytes]:
        wanted, digest, size = self.manifest.members[member], hashlib.sha256(), 0
        try:
            with self._packed.open(member) as source:
                while size <= wanted["size"] and (chunk := source.read(CHUNK)):
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
            raise Damaged(f"{member} in {self.name} cannot be read: {error}.") from error
        except Exception as error:
            if type(error).__module__ != "zlib":
                raise
            raise Damaged(f"{member} in {self.name} cannot be read: {error}.") from error
        if size != wanted["size"] or digest.hexdigest() != wanted["sha256"]:
            raise Damaged(f"{member} in {self.name} is not what the manifest says: its checksum is another.")

    def _read_manifest(self) -> Manifest:
        names = self._packed.namelist()
        if MANIFEST not in names:
            raise Damaged(f"{self.name} is not a backup of newsportal: it has no {MANIFEST}.")
        if self._packed.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
            raise Damaged(f"{self.name} is not a backup of newsportal: its {MANIFEST} is far too long.")
        manifest_file = self._packed.read(MANIFEST)
        self.is_signed = _is_signature(self._packed.comment, manifest_file)
        told = json.loads(manifest_file)
        if not isinstance(told, dict) or told.pop("format", None) != FORMAT:
            raise Damaged(f"{self.name} is not a backup of newsportal.")
        if (version := told.pop("version", None)) != VERSION:
            raise Damaged(f"{self.name} has format {version}; this version of newsportal reads format {VERSION}.")
        try:
            manifest = Manifest(**told)
        except TypeError as error:
            raise Damaged(f"The manifest of {self.name} is not complete, or says more than it should.") from error
        if not _is_shaped(manifest):
            raise Damaged(f"The manifest of {self.name} cannot be understood.")
        wanted = {MANIFEST, MEDIA, DATABASES[manifest.engine]}
        if sorted(names) != sorted(wanted):
            strange = sorted(set(names) ^ wanted) or names
            raise Damaged(f"{self.name} does not hold what a backup holds: {', '.join(map(repr, strange[:3]))}.")
        return manifest


def _is_shaped(manifest: Manifest) -> bool:
    words = (manifest.made_at, manifest.site, manifest.newsportal, manifest.django, manifest.engine_version)
    numbers = (manifest.media_files, manifest.media_bytes)
    if not all(isinstance(word, str) for word in words) or not all(map(_is_count, numbers)):
        return False
    if manifest.engine not in DATABASES or not all(isinstance(name, str) for name in _list(manifest.missing)):
        return False
    if not all(isinstance(name, str) for names in _dict(manifest.migrations).values() for name in _list(names)):
        return False
    if not all(map(_is_count, _dict(manifest.counts).values())):
        return False
    members = _dict(manifest.members)
    return members.keys() == {MEDIA, DATABASES[manifest.engine]} and all(
        _is_count(_dict(member).get("size")) and _is_digest(_dict(member).get("sha256")) for member in members.values()
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {"": None}


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _kept(line: bytes, archive: str) -> Kept:
    try:
        kept = Kept(**json.loads(line))
    except (TypeError, ValueError) as error:
        raise Damaged(f"The list of media in {archive} cannot be read.") from error
    if not (isinstance(kept.name, str) and _is_count(kept.size) and isinstance(kept.modified, str)):
        raise Damaged(f"The list of media in {archive} cannot be understood.")
    if not _is_digest(kept.sha256):
        raise Damaged(f"The list of media in {archive} has no checksum for {kept.name!r}.")
    if not is_inside(kept.name):
        raise Damaged(f"The list of media in {archive} names {kept.name!r}, which would lead out of the media folder.")
    return kept


def is_inside(name: str) -> bool:
    """Whether a name of a media file stays in the storage, on every system."""
    parts = name.split("/")
    return name.isprintable() and "\\" not in name and ":" not in parts[0] and not {"", ".", ".."} & set(parts)


def copied(source: IO[bytes], path: Path) -> tuple[int, str]:
    """Copy what is left of a file into a new one that only its owner can read; returns its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as target:
        path.chmod(0o600)
        while chunk := source.read(CHUNK):
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()
