"""Real servers of the site with the test's database (deploy/loopback.py): for tests of what several of them do."""

from __future__ import annotations

import http.client
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message

from django.conf import settings
from django.db import connection

from deploy import loopback

_processes: dict[int, subprocess.Popen] = {}


@contextmanager
def running(count: int, *, workers: int = 1, **environment: str) -> Iterator[list[int]]:
    """The ports of so many servers, each of so many processes, that answer."""
    own = {"DATABASE_URL": database_url(), "DEBUG": "true", "MEDIA_ROOT": str(settings.MEDIA_ROOT)} | environment
    with loopback.nodes(count, own, workers=workers) as started:
        _processes.update(started)
        yield list(started)


def ask(port: int, path: str, **headers: str) -> tuple[int, Message, bytes]:
    """(status, headers, body) of an answer."""
    connection = http.client.HTTPConnection(loopback.HOST, port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def get(port: int, path: str) -> tuple[int, str]:
    """(status, text) of a page."""
    status, _, body = ask(port, path)
    return status, body.decode()


def kill(port: int) -> None:
    """Kill the server of this port and its worker; it is as if they had never been."""
    loopback.stop(_processes[port], signal.SIGKILL)


def database_url() -> str:
    """That of the test's own database, for another process."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return f"postgres://{given['USER']}{password}@{given['HOST']}:{given['PORT']}/{given['NAME']}"
