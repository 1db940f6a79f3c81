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
from newsportal.backup.places import Place, in_pool

#: Files at once: what is waited for is a disk or a network.
WORKERS = 8

#: Name → (size, modified), as the storage says it.
Listing = dict[str, tuple[int, str]]

T = TypeVar("T")
R = TypeVar("R")


def listing() -> Listing:
    """Every file of the storage."""
    bucket = getattr(default_storage, "bucket", None)
    if bucket is not None:
        # One question for a thousand files; the storage's own face has one for each.
        prefix = default_storage.location.strip("/")  # type: ignore[attr-defined]
        prefix = f"{prefix}/" if prefix else ""
        found = {
            item.key.removeprefix(prefix): (item.size, item.last_modified.isoformat())
            for item in bucket.objects.filter(Prefix=prefix)
        }
        return {name: told for name, told in found.items() if is_inside(name)}
    return dict(_files_in(Path(default_storage.path("")), ""))


def _files_in(folder: Path, under: str) -> Iterator[tuple[str, tuple[int, str]]]:
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    for entry in entries:
        name = under + entry.name
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


class Collected:
    """What of the storage is in a place by now, as it comes in.

    `before`: what an earlier archive lists. A file of the same name, size and time is not read again if its bytes are there.
    """

    def __init__(self, place: Place, scratch: Path, before: Iterable[Kept]):
        self._place, self._scratch = place, scratch
        self._pool = place.pool()
        self._before = {kept.name: kept for kept in before if self._pool.get(kept.sha256) == kept.size}
        self._kept: dict[str, Kept] = {}
        self._lock = threading.Lock()
        self.copied_files = self.copied_bytes = 0

    def collect(self, files: Listing, progress: Callable[[int], Any]) -> None:
        """Have these files in the place, as they were listed; one that is gone or has changed meanwhile is left out."""
        wanted = [
            (name, size, modified) for name, (size, modified) in files.items() if not self.has(name, size, modified)
        ]
        progress(len(files) - len(wanted))
        for kept in each(self._store, wanted):
            progress(1)
            if kept:
                self._kept[kept.name] = kept

    def has(self, name: str, size: int, modified: str) -> bool:
        kept = self._kept.get(name) or self._before.get(name)
        if kept is None or (kept.size, kept.modified) != (size, modified):
            return False
        self._kept[name] = kept
        return True

    def _store(self, file: tuple[str, int, str]) -> Kept | None:
        name, size, modified = file
        path = self._scratch / uuid.uuid4().hex
        try:
            try:
                with closing(default_storage.open(name)) as source:
                    read, sha256 = copied(source, path)
            except FileNotFoundError:
                return None
            if read != size:
                return None
            # Two files with the same bytes may come at once; if storing the first fails, so does the backup.
            with self._lock:
                is_new = self._pool.get(sha256) != size
                if is_new:
                    self._pool[sha256] = size
                    self.copied_files += 1
                    self.copied_bytes += size
            if is_new:
                self._place.put(path, in_pool(sha256))
            return Kept(name, size, modified, sha256)
        finally:
            path.unlink(missing_ok=True)

    def settled(self, needed: set[str], progress: Callable[[int], Any]) -> set[str]:
        """Bring what is collected to what rows need that have been read meanwhile; returns what of it is nowhere.

        Afterwards only whole files are among it: what is neither needed nor as it was may be half of one that is being stored.
        """
        now = listing()
        self.collect({name: now[name] for name in needed & now.keys()}, progress)
        self._kept = {
            name: kept
            for name, kept in self._kept.items()
            if name in needed or now.get(name) == (kept.size, kept.modified)
        }
        return needed - self._kept.keys()

    def all(self) -> list[Kept]:
        return [self._kept[name] for name in sorted(self._kept)]


# --- Putting back -----------------------------------------------------------------------------------------------------


def lacking(files: Iterable[Kept], progress: Callable[[int], Any]) -> list[Kept]:
    """Those that the storage has not, or not with these bytes."""
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

    return [kept for kept in each(lacks, files) if kept]


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
