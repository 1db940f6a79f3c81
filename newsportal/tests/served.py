"""The site behind its page cache, asked as a server asks it: for tests of what is kept."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from django.core.wsgi import get_wsgi_application

from newsportal.content_type import told_plainly
from newsportal.models import Edition
from newsportal.page_cache.counters import Counters, InDatabase, source_of
from newsportal.page_cache.wrapper import PageCache


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Served:
    """`made`: how many pages have been made so far; all others were sent from memory."""

    def __init__(self, counters: Counters | None = None, *, capacity: int = 8 * 2**20, **options: Any):
        counters = counters or InDatabase(source_of())
        self._cache = PageCache(told_plainly(get_wsgi_application()), lambda: counters, capacity=capacity, **options)

    @property
    def made(self) -> int:
        return self._cache.misses

    def get(self, url: str, method: str = "GET", **headers: str) -> Answer:
        path, _, query = url.partition("?")
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "testserver",
            "SERVER_PORT": "80", "HTTP_HOST": "testserver", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(), "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        }  # fmt: skip
        environ |= {_in_cgi(name.upper()): value for name, value in headers.items()}
        told: list = []
        body = b"".join(self._cache(environ, lambda status, headers, exc_info=None: told.append((status, headers))))
        status, sent = told[-1]
        return Answer(int(status[:3]), dict(sent), body)


def _in_cgi(name: str) -> str:
    """RFC 3875, 4.1"""
    return name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"


def numbers() -> dict[str, int]:
    return dict(Edition.objects.values_list("key", "number"))
