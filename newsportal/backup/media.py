"""The files of the default storage: which rows name which, what has been kept of them, and putting them back.

No file of ours is ever changed: its name tells its content (articles.pictures). What may happen while a backup is made is
that files come and go. A row never lacks its files: they are stored before it and removed after it is gone. So most is copied
first; then the database is read in one moment; and then whatever its rows name and has come since is copied, too.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from django.core.files import File
from django.core.files.storage import default_storage

from articles.models import Image
from articles.pictures.renditions import CROPS_SHOWN_BY
from newsportal.backup import BackupError
from newsportal.backup.archive import Kept, copied, hashed, is_inside
from newsportal.backup.engine import Ask
from newsportal.backup.places import Place, check_room, in_pool

#: Files at once: what is waited for is a disk or a network.
WORKERS = 8

#: What a disk of its own has at its top, and nobody but root may look into.
NOT_OURS = "lost+found"

#: Name → (size, modified), as the storage says it.
Listing = dict[str, tuple[int, str]]

T = TypeVar("T")
R = TypeVar("R")


def listing() -> Listing:
    """Every file of the storage."""
    return dict(files())


def files() -> Iterator[tuple[str, tuple[int, str]]]:
    """The same one by one: of a newspaper with many pictures all of them at once take much memory."""
    bucket = getattr(default_storage, "bucket", None)
    if bucket is None:
        yield from _files_in(Path(default_storage.path("")), "")
        return
    # One question for a thousand files; the storage's own face has one for each.
    prefix = default_storage.location.strip("/")  # type: ignore[attr-defined]
    prefix = f"{prefix}/" if prefix else ""
    for item in bucket.objects.filter(Prefix=prefix):
        if is_inside(name := item.key.removeprefix(prefix)):
            yield name, (item.size, item.last_modified.isoformat())


def _files_in(folder: Path, under: str) -> Iterator[tuple[str, tuple[int, str]]]:
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    for entry in entries:
        name = under + entry.name
        if name == NOT_OURS:
            continue
        if entry.is_dir():
            yield from _files_in(entry, f"{name}/")
            continue
        try:
            told = entry.stat()
        except FileNotFoundError:
            continue
        if is_inside(name):
            yield name, (told.st_size, str(told.st_mtime_ns))


def named(ask: Ask, tables: Iterable[str]) -> set[str]:
    """The files that the rows of a database name, which may be of an older version than this code."""
    names: set[str] = set()
    present = set(tables)
    if "articles_image" in present:
        told = ("file", *CROPS_SHOWN_BY)
        columns = ["1" if name == "size_set" and not _has_run(ask, "0028_size_set") else name for name in told]
        for row in ask(f"SELECT {', '.join(columns)} FROM articles_image"):  # noqa: S608
            names |= Image(**dict(zip(told, row, strict=True))).file_names()
    if "articles_article" in present and _has_run(ask, "0019_search_fields_and_share_card"):
        names |= {name for (name,) in ask("SELECT share_card FROM articles_article WHERE share_card <> ''")}
    return names


def _has_run(ask: Ask, migration: str) -> bool:
    """Whether this migration of the articles has changed that database; `migration` is a name in this code."""
    return bool(ask(f"SELECT 1 FROM django_migrations WHERE app = 'articles' AND name = '{migration}'"))  # noqa: S608


def each(do: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """What `do` returns for each of the items, several at once, in any order, and never more in memory than are being done."""
    waiting = iter(items)
    with ThreadPoolExecutor(WORKERS) as pool:
        running: set[Future[R]] = set()
        try:
            for item in waiting:
                running.add(pool.submit(do, item))
                if len(running) >= 2 * WORKERS:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            for future in running:
                future.cancel()


#: Bytes of what is packed that say what a place has of a file: its SHA-256 and its size.
STORED = 40


def _packed(size: int, modified: str, sha256: str) -> bytes:
    """A file without its name, in a third of the memory that Kept takes."""
    return bytes.fromhex(sha256) + _told(size, modified)


def _told(size: int, modified: str) -> bytes:
    return size.to_bytes(8) + modified.encode()


def _size(packed: bytes) -> int:
    return int.from_bytes(packed[32:STORED])


def _unpacked(name: str, packed: bytes) -> Kept:
    return Kept(name, _size(packed), packed[STORED:].decode(), packed[:32].hex())


class Collected:
    """What of the storage is in a place by now, as it comes in.

    `before`: what an earlier archive lists. A file of the same name, size and time is not read again if its bytes are there.
    """

    def __init__(self, place: Place, scratch: Path, before: Iterable[Kept]):
        self._place, self._scratch = place, scratch
        self._pool = {_packed(size, "", sha256) for sha256, size in place.pool().items()}
        unlisted = set(self._pool)
        self._before: dict[str, bytes] = {}
        for kept in before:
            packed = _packed(kept.size, kept.modified, kept.sha256)
            if packed[:STORED] in self._pool:
                self._before[kept.name] = packed
                unlisted.discard(packed[:STORED])
        self._unlisted_bytes = sum(_size(packed) for packed in unlisted)
        self._kept: dict[str, bytes] = {}
        self._came: list[bytes] = []
        self._lock = threading.Lock()
        self.copied_files = self.copied_bytes = 0

    def to_come(self, files: Iterable[tuple[str, tuple[int, str]]]) -> int:
        """Bytes that these files will at least take that are not in the place yet: more where what no list names is not of them."""
        new = 0
        for name, (size, _) in files:
            packed = self._before.get(name)
            if packed is None or _size(packed) != size:
                new += size
        return max(new - self._unlisted_bytes, 0)

    def take_back(self) -> None:
        """Delete from the place what has come into it."""
        for _ in each(lambda stored: self._place.delete(in_pool(stored[:32].hex())), self._came):
            pass

    def collect(self, files: Iterable[tuple[str, tuple[int, str]]], progress: Callable[[int], Any]) -> None:
        """Have these files in the place, as they were listed; one that is gone or has changed meanwhile is left out."""

        def wanted() -> Iterator[tuple[str, int, str]]:
            for name, (size, modified) in files:
                if self.has(name, size, modified):
                    progress(1)
                else:
                    yield name, size, modified

        for stored in each(self._store, wanted()):
            progress(1)
            if stored:
                name, self._kept[name] = stored

    def has(self, name: str, size: int, modified: str) -> bool:
        packed = self._kept.get(name) or self._before.pop(name, None)
        if packed is None or packed[32:] != _told(size, modified):
            return False
        self._kept[name] = packed
        return True

    def _store(self, file: tuple[str, int, str]) -> tuple[str, bytes] | None:
        name, size, modified = file
        path = self._scratch / uuid.uuid4().hex
        try:
            check_room(self._place, size)
            try:
                with closing(default_storage.open(name)) as source:
                    read, sha256 = copied(source, path)
            except FileNotFoundError:
                return None
            if read != size:
                return None
            packed = _packed(size, modified, sha256)
            stored = packed[:STORED]
            # Two files with the same bytes may come at once; if storing the first fails, so does the backup.
            with self._lock:
                is_new = stored not in self._pool
                if is_new:
                    self._pool.add(stored)
                    self._came.append(stored)
                    self.copied_files += 1
                    self.copied_bytes += size
            if is_new:
                self._place.put(path, in_pool(sha256))
            return name, packed
        finally:
            path.unlink(missing_ok=True)

    def settled(self, needed: set[str], progress: Callable[[int], Any]) -> set[str]:
        """Bring what is collected to what rows need that have been read meanwhile; returns what of it is nowhere.

        Afterwards only whole files are among it: what is neither needed nor as it was may be half of one that is being stored.
        """
        doubtful = self._kept.keys() - needed

        def wanted() -> Iterator[tuple[str, tuple[int, str]]]:
            for name, told in files():
                if name in needed:
                    yield name, told
                elif name in doubtful and self.has(name, *told):
                    doubtful.discard(name)

        self.collect(wanted(), progress)
        for name in doubtful:
            del self._kept[name]
        return needed - self._kept.keys()

    def all(self) -> Iterator[Kept]:
        """In the order of their names."""
        return (_unpacked(name, self._kept[name]) for name in sorted(self._kept))


# --- Putting back -----------------------------------------------------------------------------------------------------


def lacking(files: Iterable[Kept], progress: Callable[[int], Any]) -> tuple[list[Kept], list[Kept]]:
    """Those that the storage has not, and those of which it has other bytes."""
    present = listing()

    def lacks(kept: Kept) -> Kept | None:
        progress(1)
        if present.get(kept.name, (None,))[0] != kept.size:
            return kept
        try:
            with closing(default_storage.open(kept.name)) as file:
                return None if hashed(file) == kept.sha256 else kept
        except FileNotFoundError:
            return kept

    found = [kept for kept in each(lacks, files) if kept]
    return [kept for kept in found if kept.name not in present], [kept for kept in found if kept.name in present]


def wrong_in(place: Place, files: Iterable[Kept], progress: Callable[[int], Any]) -> list[str]:
    """What is wrong with the bytes that a place has of these files: one line for each that is lost or damaged."""
    names: dict[str, Kept] = {}
    for kept in files:
        names.setdefault(kept.sha256, kept)

    def check(kept: Kept) -> str:
        progress(1)
        stored = in_pool(kept.sha256)
        try:
            with place.open(stored) as file:
                if hashed(file) == kept.sha256:
                    return ""
                return f"{stored} in {place} is damaged: it should be {kept.name}. Delete it, and the next backup stores it again."
        except FileNotFoundError:
            return f"{stored} is not in {place}: it should be {kept.name}."

    return sorted(filter(None, each(check, names.values())))


def put_back(place: Place, files: Iterable[Kept], progress: Callable[[int], Any]) -> None:
    """Store files of a place under their names. Raises BackupError for bytes that are not what they should be."""

    def put(kept: Kept) -> None:
        with place.open(in_pool(kept.sha256)) as file:
            if hashed(file) != kept.sha256:
                raise BackupError(f"{in_pool(kept.sha256)} in {place} is damaged.")
            file.seek(0)
            if default_storage.exists(kept.name):
                default_storage.delete(kept.name)
            stored = default_storage.save(kept.name, File(file))
        if stored != kept.name:
            default_storage.delete(stored)
            raise BackupError(f"{kept.name} was stored by somebody else in the same moment: restore again.")
        progress(1)

    for _ in each(put, files):
        pass
