"""The WSGI application around Django's: a page that is kept and still true is answered here, before any middleware.

What is true is said by counters alone (newsportal.page_cache.counters). They are read *before* a page is made, so a page that was
made while something changed is kept under numbers that are past, and never sent; and they are read again for each answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from articles.caching.editions import HEADER, SITE
from newsportal.page_cache.counters import ANY, Counters, Stamp, Unreadable
from newsportal.page_cache.kept import Headers, Kept, Page, encoding_for
from newsportal.page_cache.key import Key, asked_by_nobody, key_of
from newsportal.page_cache.shared import Shared

StartResponse = Callable[..., Any]
Application = Callable[[dict, StartResponse], Iterable[bytes]]

#: Seconds for which a request waits for another one that makes the same page.
PATIENCE = 10
#: A page that was made so many seconds ago may say when: whatever replaces it is of a later second (Last-Modified has whole ones).
SETTLED = 2
#: Answers that say of themselves that they may be kept are kept when they are one of these.
LASTING = ("200", "301", "410")

#: Where middleware finds the numbers of ANY and of the SITE, and leaves when the page changes by itself (a Unix time).
ANY_NUMBER, SITE_NUMBER, CHANGES_AT = "newsportal.any_number", "newsportal.site_number", "X-Changes-At"

#: What is said of each answer anew.
OWN_HEADERS = {
    "content-length", "etag", "last-modified", "x-changes-at", "surrogate-key", "cache-control", "vary", "x-request-id",
}  # fmt: skip
#: Of what is not kept these are sent as Django has them.
OF_THIS_ANSWER = ("Cache-Control", "Vary", "X-Request-ID")

#: For how many seconds a shared cache may show an old page while nobody here answers. Never while it asks (stale-while-revalidate):
#: what it may show for so long after a change is what SHARED_CACHE_SECONDS says, and nothing comes on top.
STALE_IF_ERROR = 86_400

#: Stands where an encoding stands, for who has the page already.
NOT_MODIFIED = "304"


def _nothing() -> None:
    pass


class Flight:
    """One request makes a page; the others that ask for it wait."""

    def __init__(self) -> None:
        self.landed = threading.Event()


class PageCache:
    """`application` behind a cache of `capacity` bytes.

    `machine`: pages that other processes here have made, if there are any (newsportal.page_cache.shared).
    `shared_seconds`: for how long shared caches may send a page without asking.
    `count`: told of each request whether it was a hit, a miss, or a wait for another one's miss.
    `tags`, `control`: as newsportal.purging.BackEnd has them for the CDN that is told of changes; "" without one.
    """

    def __init__(
        self,
        application: Application,
        counters: Callable[[], Counters],
        *,
        capacity: int,
        machine: Callable[[], Shared | None] = _nothing,
        shared_seconds: int = 0,
        tags: str = "",
        control: str = "",
        for_nginx: bool = False,
        look: Callable[[], None] = _nothing,
        count: Callable[[str], None] | None = None,
    ):
        self._application = application
        # Asked for with the first request: a server may fork after it has loaded this.
        self._counters_of_process = counters
        self._kept = Kept(capacity)
        self._machine = machine
        self._shared_seconds = shared_seconds
        self._tag_header = tags
        self._control_header = control
        self._for_nginx = for_nginx
        self._look = look
        self._count = count
        self._flights: dict[Key, Flight] = {}
        self._lock = threading.Lock()
        self.hits = self.misses = 0

    def __call__(self, environ: dict, start_response: StartResponse) -> Iterable[bytes]:
        key = key_of(environ)
        if key is None:
            return self._application(environ, self._telling(start_response))
        for _ in range(3):
            page = self._true(key)
            if page is not None:
                self.hits += 1
                if self._count:
                    self._count("hit")
                self._look()
                return self._send(page, environ, start_response)
            with self._lock:
                flight = self._flights.get(key)
                mine = flight is None
                if flight is None:
                    flight = self._flights[key] = Flight()
            if mine:
                try:
                    page = self._make_alone(key, environ)
                finally:
                    with self._lock:
                        del self._flights[key]
                    flight.landed.set()
                return self._send(page, environ, start_response)
            if self._count:
                self._count("wait")
            # What it brings is held against the numbers again: it may have set out before what this request must see.
            if not flight.landed.wait(PATIENCE):
                break
        return self._send(self._make(key, environ), environ, start_response)

    def _true(self, key: Key) -> Page | None:
        """What is kept, here or by another process, if it is true now."""
        page = self._kept.get(key)
        if page is not None and (true := self._if_true(page)) is not None:
            return true
        machine = self._machine()
        page = machine.get(key) if machine else None
        if page is None or (true := self._if_true(page)) is None:
            return None
        if true is page:
            self._kept.put(key, page)
        return true

    def _if_true(self, page: Page) -> Page | None:
        # What was made after now was made by a clock that has been put right since.
        if not page.made_at <= time.time() < page.changes_at:
            return None
        counters = self._counters_of_process()
        try:
            if counters.read((ANY,)) == (page.true_under,):
                return page
            under, *numbers = counters.read((ANY, *page.keys))
            if tuple(numbers) != page.stamp:
                return None
            page.true_under = under
            return page
        except Unreadable:
            # Nobody can change anything there either, as far as can be told from here: better old news than none.
            return self._for_now(page)

    def _make_alone(self, key: Key, environ: dict) -> Page:
        """While no other process makes it; if one has just done so, that is it."""
        machine = self._machine()
        if machine is None:
            return self._make(key, environ)
        with machine.alone(key):
            page = self._true(key)
            if page is None:
                return self._make(key, environ)
        if self._count:
            self._count("wait")
        return page

    def _make(self, key: Key, environ: dict) -> Page:
        """Ask Django, and keep what it says may be kept."""
        self.misses += 1
        if self._count:
            self._count("miss")
        machine = self._machine()
        before = self._kept.get(key) or (machine.get(key) if machine else None)
        expected = before.keys if before else ()
        stamp = self._read((*expected, ANY, SITE))
        bare = asked_by_nobody(environ, key)
        if stamp is not None:
            bare[ANY_NUMBER], bare[SITE_NUMBER] = stamp[len(expected) :]
        page = self._ask(bare)
        if before is not None and page.status.startswith("50"):
            # What readers had is better than an excuse.
            return self._for_now(before)
        said = {name.lower(): value for name, value in page.headers}
        keys = tuple(said.get(HEADER.lower(), "").split())
        page.keys, page.changes_at = keys, float(said.get(CHANGES_AT.lower(), "inf"))
        page.headers = [(name, value) for name, value in page.headers if name.lower() not in OWN_HEADERS]
        lasts = (
            keys
            and page.status[:3] in LASTING
            and "set-cookie" not in said
            and "cookie" not in said.get("vary", "").lower()
        )
        if lasts and stamp is not None and (held := self._stamp(keys, expected, stamp)):
            page.stamp, page.true_under = held, stamp[len(expected)]
            self._kept.put(key, page)
            if machine:
                machine.put(key, page)
        if lasts and self._shared_seconds and self._read(keys) != page.stamp:
            # Something has changed while it was made.
            return self._for_now(page)
        if not lasts:
            # Sent as Django has it: who asked for it is not in it either.
            page.headers += [(name, said[name.lower()]) for name in OF_THIS_ANSWER if name.lower() in said]
            page.headers = self._kept_by_nobody(page.headers)
            page.keys = ()
            self._kept.forget(key)
            if machine:
                machine.forget(key)
        return page

    def _for_now(self, page: Page) -> Page:
        """A page that may be past: it is sent, and no shared cache keeps it. What these keep was true when it was sent."""
        return replace(page, changes_at=0.0, prepared={}) if self._shared_seconds else page

    def _stamp(self, keys: tuple[str, ...], expected: tuple[str, ...], before: Stamp) -> Stamp | None:
        """The numbers that held when the page was begun; None when they are not known."""
        if keys == expected:
            return before[: len(keys)]
        # Its keys were not known then. If nothing at all has been touched since, they are what they were.
        after = self._read((*keys, ANY))
        return after[:-1] if after is not None and after[-1] == before[len(expected)] else None

    def _read(self, keys: tuple[str, ...]) -> Stamp | None:
        try:
            return self._counters_of_process().read(keys)
        except Unreadable:
            return None

    def _ask(self, environ: dict) -> Page:
        answer: dict[str, Any] = {}

        def start_response(status: str, headers: Headers, exc_info: Any = None) -> None:
            answer["status"], answer["headers"] = status, headers

        made_at = time.time()
        parts = self._application(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return Page(answer["status"], list(answer["headers"]), body, made_at=made_at)

    # --- Sending ------------------------------------------------------------------------------------------------------

    def _send(self, page: Page, environ: dict, start_response: StartResponse) -> Iterable[bytes]:
        is_known = bool(page.keys) and _is_known(page, environ)
        asked = NOT_MODIFIED if is_known else encoding_for(environ.get("HTTP_ACCEPT_ENCODING", ""))
        prepared = page.prepared.get(asked)
        if prepared is None or page.changes_at < time.time() + self._shared_seconds:
            prepared = self._prepare(page, asked)
        headers, body = prepared
        headers = [_for_nginx(page), *headers] if page.keys and self._for_nginx else headers.copy()
        start_response("304 Not Modified" if is_known else page.status, headers)
        return [] if is_known or environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _prepare(self, page: Page, asked: str) -> tuple[Headers, bytes]:
        """Headers and body in an encoding, or as NOT_MODIFIED."""
        headers, now = page.headers.copy(), time.time()
        if page.keys:
            headers += self._of_caching(page, now)
        if asked == NOT_MODIFIED:
            name, body = NOT_MODIFIED, b""
            headers = [header for header in headers if header[0] != "Content-Type"]
        else:
            name, body = page.encoded(asked)
            if name:
                headers.append(("Content-Encoding", name))
            headers.append(("Content-Length", str(len(body))))
        if (name or not page.rests) and now > page.made_at + SETTLED and page.changes_at >= now + self._shared_seconds:
            page.prepared[asked] = headers, body
        return headers, body

    def _kept_by_nobody(self, headers: Headers) -> Headers:
        """A CDN with a header of its own may keep for an hour what says no-cache, or even no-store, in Cache-Control alone.

        `private` is what Fastly takes for one person's (https://www.fastly.com/blog/cache-recipe-success).
        """
        control = next((value for name, value in headers if name.lower() == "cache-control"), "no-cache")
        if not self._control_header or not any(word in control for word in ("no-cache", "no-store", "private")):
            return headers
        if "no-store" in control and "private" not in control:
            headers = [(name, value) for name, value in headers if name.lower() != "cache-control"]
            headers.append(("Cache-Control", f"{control}, private"))
        return [*headers, (self._control_header, "max-age=0")]

    def _telling(self, start_response: StartResponse) -> StartResponse:
        def start(status: str, headers: Headers, exc_info: Any = None) -> Any:
            return start_response(status, self._kept_by_nobody(headers), *([exc_info] if exc_info else []))

        return start if self._control_header else start_response

    def _of_caching(self, page: Page, now: float) -> Headers:
        # A shared cache may keep it, but never over the moment at which it changes by itself.
        seconds = self._shared_seconds
        if page.changes_at < now + seconds:
            seconds = max(int(page.changes_at - now), 0)
        stale = f"stale-if-error={STALE_IF_ERROR}"
        if not self._control_header:
            headers = [
                ("Cache-Control", f"public, max-age=0, s-maxage={seconds}, {stale}" if seconds else "public, no-cache")
            ]
        else:
            # For the CDN alone: another cache behind it, which nobody tells of changes, asks each time.
            headers = [
                ("Cache-Control", "public, no-cache"),
                (self._control_header, f"max-age={seconds}, {stale}" if seconds else "max-age=0"),
            ]
        headers += [("ETag", page.etag), ("Vary", "Accept-Encoding, Save-Data")]
        if now > page.made_at + SETTLED:
            headers.append(("Last-Modified", formatdate(page.made_at, usegmt=True)))
        if self._tag_header:
            separator = "," if self._tag_header == "Cache-Tag" else " "
            headers.append((self._tag_header, separator.join(page.keys)))
        return headers


def _for_nginx(page: Page) -> tuple[str, str]:
    """How long nginx may send it without asking: for the rest of this second, by a header that it takes off.

    An absolute time, since the parts of a second are lost to nginx: `1` would let a page live for up to two of them. And before
    Cache-Control, which nginx before 1.23 would follow otherwise.
    https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_valid
    """
    now = int(time.time())
    return "X-Accel-Expires", f"@{now if page.changes_at >= now + 1 else 1}"


def _is_known(page: Page, environ: dict) -> bool:
    """Whether the client has these bytes already (RFC 9110, 13.1)."""
    if not page.status.startswith("200"):
        return False
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return tags.strip() == "*" or page.etag.removeprefix("W/") in tags
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    return bool(since) and since == formatdate(page.made_at, usegmt=True)


def around(application: Application) -> Application:
    """Django's application behind a cache, as the settings have it."""
    from django.conf import settings

    from newsportal import purging
    from newsportal.background import in_process
    from newsportal.page_cache.counters import counters
    from newsportal.page_cache.shared import for_server
    from newsportal.watching import numbers

    if not settings.PAGE_CACHE:
        return application
    cdn = purging.back_end()
    return PageCache(
        application,
        counters,
        capacity=settings.PAGE_CACHE_MEGABYTES * 2**20,
        machine=for_server(),
        shared_seconds=settings.SHARED_CACHE_SECONDS,
        tags=cdn.TAGS if cdn else "",
        control=cdn.CONTROL if cdn else "",
        for_nginx=settings.NGINX_MICROCACHE,
        # Django hears nothing of these requests, and looks for what is due with each of its own.
        look=in_process.look if settings.BACKGROUND_WORKER == "thread" else _nothing,
        count=numbers.page_cache_outcome() if numbers.is_on() else None,
    )
