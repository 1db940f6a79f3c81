"""Jobs for tests of the background: what they were given, they note in the database."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from articles.http.attempts import GivenUp, try_again


@task
def note(name: str) -> None:
    Group.objects.create(name=name)


@task
def fail() -> None:
    raise ZeroDivisionError


@task
def ask(sql: str) -> None:
    """Ask the database for something that it does not do."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


@task
def offer(attempt: int = 1) -> None:
    """What another machine does not take, and the database is away every second time."""
    Group.objects.create(name=f"job {attempt}")
    if attempt % 2 == 0:
        raise OperationalError
    if not try_again(offer, attempt=attempt):
        raise GivenUp


@task
def be_overtaken() -> None:
    """It takes so long that it was thought abandoned, and another has begun it; then the database goes away."""
    for job in DBTaskResult.objects.running():
        job.claim("another")
    raise OperationalError


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
