"""The site, halting where a drill wants it to: before or after the commit of what has written to a table.

In the folder DRILL_FOLDER the drill writes the file `wanted`, such as "before articles_article". Who comes there writes the file
`halted` with the number of its process, and goes on when `wanted` is gone: never, when it is killed.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from newsportal.wsgi import application

__all__ = ["application"]

FOLDER = Path(os.environ["DRILL_FOLDER"])
WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')

_written = threading.local()


def note(execute: Callable, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if found := WRITES.match(sql):
        _written.tables = getattr(_written, "tables", set()) | {found[1]}
    return execute(sql, params, many, context)


@receiver(connection_created)
def watch(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    if note not in connection.execute_wrappers:
        connection.execute_wrappers.append(note)


def halt(when: str) -> None:
    try:
        moment, table = (FOLDER / "wanted").read_text().split()
    except (OSError, ValueError):
        return
    if moment == when and table in getattr(_written, "tables", ()):
        (FOLDER / "halted").write_text(str(os.getpid()))
        while (FOLDER / "wanted").exists():
            time.sleep(0.02)


commit = BaseDatabaseWrapper._commit


def commit_and_halt(self: BaseDatabaseWrapper) -> None:
    halt("before")
    commit(self)
    halt("after")
    _written.tables = set()


BaseDatabaseWrapper._commit = commit_and_halt
