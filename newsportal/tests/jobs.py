"""A job for tests of the background: what it was given, it notes in the database."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django_tasks import task


@task
def note(name: str) -> None:
    Group.objects.create(name=name)


@task
def fail() -> None:
    raise ZeroDivisionError
