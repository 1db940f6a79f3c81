"""A server that really listens, and is told of changes as a CDN is: for tests of purging."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

from newsportal.tests.answering import begin, end


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    #: By their names in small letters.
    headers: dict[str, str]
    body: bytes


class Cdn:
    """`calls`: what it was told so far. It answers with the next of `statuses`, then with 200, after `pause` seconds."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.statuses: list[int] = []
        self.answer = json.dumps({"success": True}).encode()
        self.location, self.pause = "", 0.0
        self.on_call: Callable[[], None] = lambda: None
        cdn = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _take(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                cdn.calls.append(Call(self.command, self.path, headers, body))
                cdn.on_call()
                threading.Event().wait(cdn.pause)
                self.send_response(cdn.statuses.pop(0) if cdn.statuses else 200)
                if cdn.location:
                    self.send_header("Location", cdn.location)
                self.end_headers()
                self.wfile.write(cdn.answer)

            do_POST = do_PURGE = _take

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        begin(self._server)

    def close(self) -> None:
        end(self._server)
