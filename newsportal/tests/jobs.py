"""Jobs for tests of the background: what they were given, they note in the database."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.contrib.auth.models import Group
from django_tasks import task


@task
def note(name: str) -> None:
    Group.objects.create(name=name)


@task
def fail() -> None:
    raise ZeroDivisionError


@task
def note_slowly(name: str, sign: str, halts: str) -> None:
    """Notes it once, however often it is done. Where HALT_JOBS is set it halts `before` or `after` that: the file `sign` appears,
    and it goes on when it is gone.
    """
    if halts == "before":
        _halt(Path(sign))
    Group.objects.get_or_create(name=name)
    if halts == "after":
        _halt(Path(sign))


def _halt(sign: Path) -> None:
    if os.environ.get("HALT_JOBS"):
        sign.touch()
        while sign.exists():
            time.sleep(0.02)
