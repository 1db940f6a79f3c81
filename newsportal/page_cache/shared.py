"""Pages that the processes of a server share on its machine: what one of them has made the others need not make.

A page is a file, and is as good as in memory, for it is held against the same numbers (newsportal.page_cache.counters) before it is
sent. The folder belongs to a server as it was started: whoever starts it again, with other settings perhaps, finds nothing in it,
and neither does a process that has been started with other code. It may be emptied, or go away, at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsportal.page_cache.kept import Page
from newsportal.page_cache.key import Key

#: What the folder of a server's pages is called.
GENERATION = re.compile(r"pages-[0-9a-f]{16}")
#: Files are spread over so many folders, each with its part of the room.
FOLDERS = 256
#: All of them together never take more than this part of the disk, or of the memory, that they are on: one of SHARE.
SHARE = 4
#: Each process looks at the room with every so many pages that it puts in a folder: a look costs what a tenth of a page does.
PUTS_A_LOOK = 8
#: Seconds for which a request waits for another process that makes the same page, and between two looks whether it is made.
PATIENCE, PAUSE = 5.0, 0.002


class Shared:
    """Up to `capacity` bytes of pages in `folder`, which is made if it is not there. `generation`: whose pages they are.

    A file that cannot be read or written is none: nobody gets an error for want of a cache.
    """

    def __init__(self, folder: Path, capacity: int, generation: str):
        self._top = folder / generation
        self._puts = [0] * FOLDERS
        with suppress(OSError):
            self._top.mkdir(mode=0o700, parents=True, exist_ok=True)
            # In /run, which is memory, others must have room as well.
            there = os.statvfs(self._top)
            capacity = min(capacity, there.f_blocks * there.f_frsize // SHARE)
        self._room = capacity // FOLDERS
        with suppress(OSError):
            for other in folder.iterdir():
                # Nothing else is touched, whatever folder somebody has named.
                if other != self._top and GENERATION.fullmatch(other.name):
                    shutil.rmtree(other, ignore_errors=True)

    def get(self, key: Key) -> Page | None:
        file = self._file(key)
        try:
            stored = file.read_bytes()
            os.utime(file)  # those that nobody asks for go first
        except OSError:
            return None
        return _read(stored)

    def put(self, key: Key, page: Page) -> None:
        stored = _written(page)
        if len(stored) > self._room // 4:
            return
        file = self._file(key)
        number = int(file.parent.name, 16)
        self._puts[number] += 1
        try:
            _write(file, stored)
            is_full = False
        except OSError:
            is_full = True
        if is_full or self._puts[number] % PUTS_A_LOOK == 1:
            with suppress(OSError):
                self._make_room(file.parent)

    def forget(self, key: Key) -> None:
        with suppress(OSError):
            self._file(key).unlink()

    @contextmanager
    def alone(self, key: Key) -> Iterator[None]:
        """No other process is within at the same time with this key, unless it takes longer than anybody waits."""
        with suppress(OSError):
            self._top.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            # Never taken away: whoever has it open would hold something else than who makes it anew.
            descriptor = os.open(self._top / f"{self._file(key).parent.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            yield
            return
        try:
            _lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def _file(self, key: Key) -> Path:
        digest = hashlib.sha256("\n".join(map(str, key)).encode()).hexdigest()
        return self._top / digest[:2] / digest[2:40]

    def _make_room(self, folder: Path) -> None:
        with os.scandir(folder) as entries:
            files = sorted(((found := entry.stat()).st_mtime_ns, found.st_size, entry.path) for entry in entries)
        excess = sum(size for _, size, _ in files) - self._room
        for _, size, path in files:
            if excess <= 0:
                break
            Path(path).unlink(missing_ok=True)
            excess -= size


def _write(file: Path, stored: bytes) -> None:
    """All of it or nothing. Raises OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as open_file:
            open_file.write(stored)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink()
        raise


def _lock(descriptor: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(PAUSE)


def _written(page: Page) -> bytes:
    body = page.encoded("gzip")[1] if page.rests else page.body
    told = [page.status, page.headers, page.keys, page.stamp, page.made_at, page.changes_at, page.etag, page.rests]
    return json.dumps(told).encode() + b"\n" + body


def _read(stored: bytes) -> Page | None:
    head, _, body = stored.partition(b"\n")
    try:
        status, headers, keys, stamp, made_at, changes_at, etag, rests = json.loads(head)
    except (ValueError, TypeError):
        return None
    page = Page(status, [(name, value) for name, value in headers], b"" if rests else body, tuple(keys), tuple(stamp),
                made_at, changes_at, etag)  # fmt: skip
    if rests:
        page.rest_as(body)
    return page


def generation() -> str:
    """Of the processes that one server has started, with the code that is there now; "" where that cannot be told."""
    parent = os.getppid()
    try:
        # proc(5), field 22: numbers of processes come again.
        began = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
    return "pages-" + hashlib.sha256(f"{parent} {began} {_code()}".encode()).hexdigest()[:16]


def _code() -> str:
    from django.conf import settings

    told = hashlib.sha256()
    folders = [settings.BASE_DIR / name for name in ("newsportal", "articles", "comments", "adverts", "templates")]
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in {".py", ".html", ".txt"})
    for file in [*files, Path(settings.STATIC_ROOT) / "staticfiles.json"]:
        with suppress(OSError):
            told.update(f"{file} {file.stat().st_mtime_ns}\n".encode())
    return told.hexdigest()


def for_server() -> Callable[[], Shared | None]:
    """What this process shares, as the settings have it: asked for with the first request, when it is known whose child it is."""
    from django.conf import settings

    found: list[Shared | None] = []

    def shared() -> Shared | None:
        if not found:
            whose = generation() if settings.PAGE_CACHE_FOLDER else ""
            capacity = settings.PAGE_CACHE_FOLDER_MEGABYTES * 2**20
            found.append(Shared(Path(settings.PAGE_CACHE_FOLDER), capacity, whose) if whose else None)
        return found[0]

    return shared
