"""Pages in memory: compressed once, and no more of them than fit."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

import brotli

from newsportal.page_cache.counters import Stamp
from newsportal.page_cache.key import Key

Headers = list[tuple[str, str]]

#: Of a text that is sent thousands of times; each level more costs more than it saves.
BROTLI_QUALITY, GZIP_LEVEL = 6, 6
#: Below this a header more costs what compressing saves.
WORTH_COMPRESSING = 500
#: What a page costs beside its bytes, about, and each of its keys with its number.
OVERHEAD, KEY = 2_000, 100

COMPRESSES = ("text/", "application/json", "application/feed+json", "application/xml", "application/rss+xml",
              "application/atom+xml", "application/ld+json", "application/opensearchdescription+xml", "image/svg+xml")  # fmt: skip


def etag_of(body: bytes) -> str:
    """SHA-256, for which processors have instructions: MD5, which Django takes, costs twice as much of a page."""
    return f'"{hashlib.sha256(body).hexdigest()[:24]}"'


@dataclass(slots=True)
class Page:
    """A response. Of its `headers` none is about encoding or length; `keys` and `stamp` say of when it is true."""

    status: str
    headers: Headers
    body: bytes
    keys: tuple[str, ...] = ()
    stamp: Stamp = ()
    #: Unix times: when it was made, and when it changes by itself.
    made_at: float = 0.0
    changes_at: float = float("inf")
    etag: str = ""
    #: The number of ANY under which it was last known to be true: for as long as nothing is touched nothing else is asked for.
    true_under: int | None = None
    #: Encoding, or that there is no body → (headers, body), once they stay what they are: filled by who sends it.
    prepared: dict[str, tuple[Headers, bytes]] = field(default_factory=dict)
    _encoded: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.etag = self.etag or f"W/{etag_of(self.body)}"

    @property
    def media_type(self) -> str:
        return next((value for name, value in self.headers if name == "Content-Type"), "")

    @property
    def rests(self) -> bool:
        """Whether only its compressed text is in memory."""
        return "gzip" in self._encoded and not self.body

    def rest(self) -> None:
        """Be as small as a page in memory can be: nearly everybody asks for it compressed, and the others wait a moment."""
        if len(self.body) >= WORTH_COMPRESSING and self.media_type.startswith(COMPRESSES):
            self.rest_as(gzip.compress(self.body, GZIP_LEVEL, mtime=0))

    def rest_as(self, compressed: bytes) -> None:
        self._encoded["gzip"], self.body = compressed, b""

    def whole(self) -> bytes:
        return gzip.decompress(self._encoded["gzip"]) if self.rests else self.body

    def encoded(self, encoding: str) -> tuple[str, bytes]:
        """(name of the encoding or "", the body): in this encoding where it is worth it, else as it is."""
        if found := self._encoded.get(encoding):
            return encoding, found
        body = self.whole()
        if not encoding or len(body) < WORTH_COMPRESSING or not self.media_type.startswith(COMPRESSES):
            return "", body
        # Two threads may both compress it the first time, to the same bytes.
        found = (
            brotli.compress(body, quality=BROTLI_QUALITY)
            if encoding == "br"
            else gzip.compress(body, GZIP_LEVEL, mtime=0)
        )
        self._encoded[encoding] = found
        return encoding, found

    @property
    def size(self) -> int:
        """Bytes of memory, about, with the other encoding that will be asked for."""
        return OVERHEAD + KEY * len(self.keys) + len(self.body) + 2 * len(self._encoded.get("gzip", b""))


@lru_cache(1024)
def encoding_for(accepted: str) -> str:
    """The best encoding of ours that an Accept-Encoding header allows; "" for none (RFC 9110, 12.5.3)."""
    if not accepted:
        return ""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return next((name for name in ("br", "gzip") if weights.get(name)), "")


class Kept:
    """The pages that were asked for last, up to so many bytes."""

    def __init__(self, capacity: int):
        self._capacity = capacity
        self._size = 0
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Page | None:
        # Without the lock, for which threads would have to wait for each other with every hit.
        page = self._pages.get(key)
        if page is not None:
            with suppress(KeyError):  # it has just gone
                self._pages.move_to_end(key)
        return page

    def put(self, key: Key, page: Page) -> None:
        page.rest()
        if page.size > self._capacity // 4:
            return
        with self._lock:
            before = self._pages.pop(key, None)
            self._size += page.size - (before.size if before else 0)
            self._pages[key] = page
            while self._size > self._capacity:
                _, oldest = self._pages.popitem(last=False)
                self._size -= oldest.size

    def forget(self, key: Key) -> None:
        with self._lock:
            if (page := self._pages.pop(key, None)) is not None:
                self._size -= page.size

    def __len__(self) -> int:
        return len(self._pages)
