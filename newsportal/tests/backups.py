"""What tests of backups begin with and look at."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection

from articles.models import Article
from articles.tests.factories import make_article, make_image
from articles.tests.sample_pictures import drawing
from comments.models import Status
from comments.tests.factories import make_comment
from newsportal.backup import archive, media, site_database
from newsportal.backup.opening import opened
from newsportal.backup.places import Folder
from newsportal.environment import BASE_DIR
from newsportal.tests.nodes import database_url

#: Numbers that a restored site raises, who is logged in, and when backups were made.
NOT_RESTORED = {"newsportal_edition", "django_session", "newsportal_lastdone"}

Rows = dict[str, list[tuple]]


def make_newspaper() -> Article:
    """A story with a picture, tags and comments."""
    article = make_article(
        headline="Gale warning for the harbour",
        lead_image=make_image(picture=drawing(120, 90)),
        tags=("weather", "ports"),
    )
    make_comment(article=article, status=Status.PUBLISHED, body="The ferry is late.")
    return article


def manage(*command: str, **options: Any) -> str:
    """What a command says."""
    said = io.StringIO()
    call_command(*command, stdout=said, stderr=said, **options)
    return said.getvalue()


def back_up(place: Path, *options: str) -> Path:
    """The archive that `manage.py backup` has made in a folder."""
    before = set(Folder(place).archives())
    manage("backup", str(place), *options)
    (name,) = set(Folder(place).archives()) - before
    return place / name


def media_are_whole(path: Path) -> bool:
    """Whether the bytes of all media of an archive are there, and none was missing when it was made."""
    with opened(str(path)) as backup:
        listed = {kept.name for kept in backup.media}
        wrong = media.wrong_in(backup.place, backup.media, lambda count: None)
    return not wrong and not manifest(path)["missing"] and bool(listed)


def kill_in_the_middle(place: Path, where: str, sign: Path, by: signal.Signals = signal.SIGKILL) -> None:
    """Kill newsportal.tests.halting_backup where it halts."""
    environment = os.environ | {
        "DATABASE_URL": database_url(), "CACHE_URL": "locmemcache://", "MEDIA_ROOT": str(settings.MEDIA_ROOT), "DEBUG": "true",
    }  # fmt: skip
    command = [sys.executable, "-m", "newsportal.tests.halting_backup", str(place), where, str(sign)]
    # As from a terminal: tests that were begun with nohup would pass on that a hang-up is nothing to listen to.
    listens = partial(signal.signal, signal.SIGHUP, signal.SIG_DFL)
    process = subprocess.Popen(command, cwd=BASE_DIR, env=environment, preexec_fn=listens)
    try:
        deadline = time.monotonic() + 60
        while not sign.exists():
            assert time.monotonic() < deadline and process.poll() is None, "it never came to the middle"
            time.sleep(0.02)
        process.send_signal(by)
        process.wait(60)
    finally:
        process.kill()
        process.wait()


def all_rows() -> Rows:
    """Of all tables that a backup has."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            if table not in NOT_RESTORED:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                found[table] = sorted(cursor.fetchall(), key=repr)
    return found


def all_media() -> dict[str, bytes]:
    return {name: contents(name) for name in media.listing()}


def contents(name: str) -> bytes:
    with default_storage.open(name) as file:
        return file.read()


def changed(path: Path, change: Callable[[dict[str, bytes]], None], *, signed: bool = True) -> Path:
    """An archive with other members beside the one at `path`: sealed as ours are, as anybody can, and signed, as only we can."""
    with zipfile.ZipFile(path) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    change(members)
    other = path.with_name("changed-20000101T000000Z.zip")
    other.unlink(missing_ok=True)
    with zipfile.ZipFile(other, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
        signature = archive.signature(members.get(archive.MANIFEST, b"")) if signed else b""
        packed.comment = signature + b"0" * archive.SEAL
    archive.seal(other)
    return other


def with_manifest(path: Path, **said: Any) -> Path:
    """An archive whose manifest says something else."""

    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | said).encode()

    return changed(path, change)


def with_member(path: Path, name: str, content: bytes, *, signed: bool = True, **said: Any) -> Path:
    """An archive one of whose members is something else, of which its manifest says the truth."""

    def change(members: dict[str, bytes]) -> None:
        members[name] = content
        manifest = json.loads(members["manifest.json"]) | said
        manifest["members"][name] = {"size": len(content), "sha256": archive.hashed(io.BytesIO(content))}
        members["manifest.json"] = json.dumps(manifest).encode()

    return changed(path, change, signed=signed)


def member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as packed:
        return packed.read(name)


def manifest(path: Path) -> dict[str, Any]:
    return json.loads(member(path, "manifest.json"))


def database_member() -> str:
    return site_database().member
