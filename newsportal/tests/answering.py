"""Servers of the standard library, which stand in for services outside."""

from __future__ import annotations

import threading
from socketserver import BaseServer


def begin(server: BaseServer) -> None:
    """Let it answer in a thread of its own. It hears of its end within 20 ms: by itself it would look twice a second."""
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()


def end(server: BaseServer) -> None:
    server.shutdown()
    server.server_close()
