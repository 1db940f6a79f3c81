"""What a server needs by itself: an application that has its answer ready, as large as a story's page and with as many headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

BODY = bytes(13_500)
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", str(len(BODY))),
    *((f"X-Header-{n}", "what a header of ours says, more or less, on average") for n in range(12)),
]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", HEADERS.copy())
    return [BODY]
