"""A migration that has to wait for a table keeps nobody waiting who comes after it."""

import io
import sys
import threading
import time

import pytest
from django.conf import settings as our_settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections

from newsportal.environment import BASE_DIR
from newsportal.management.commands import migrate

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite readers wait for nobody"),
]

EXPAND = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("comments", "{last}")]
    atomic = {atomic}
    operations = [migrations.AddField("comment", "tried_at", models.DateTimeField(null=True)), {more}]
"""
#: As PostgreSQL says it to the one of two that it has chosen.
DEADLOCK = "migrations.RunSQL(\"DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$\", '')"


@pytest.fixture
def next_release(tmp_path, monkeypatch, settings):
    """Makes a version that has one more migration of comments, which is taken back after the test; returns the one before."""
    ours = BASE_DIR / "comments" / "migrations"
    last = max(path.stem for path in ours.glob("0*.py"))
    package = tmp_path / "expanded"

    def make(*, atomic: bool = True, more: str = "") -> str:
        package.mkdir()
        for path in ours.glob("*.py"):
            (package / path.name).write_text(path.read_text())
        (package / "9000_expand.py").write_text(EXPAND.format(last=last, atomic=atomic, more=more))
        monkeypatch.syspath_prepend(tmp_path)
        settings.MIGRATION_MODULES = {**our_settings.MIGRATION_MODULES, "comments": "expanded"}
        return last

    yield make
    call_command("migrate", "comments", last, verbosity=0)
    for name in [name for name in sys.modules if name.partition(".")[0] == "expanded"]:
        del sys.modules[name]


@pytest.fixture
def held():
    """A connection that reads comments and does not let go, as pg_dump does; closed at the latest after the test."""
    holder = connection.copy()
    with holder.cursor() as cursor:
        cursor.execute("SET application_name = 'pg_dump'")
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE comments_comment IN ACCESS SHARE MODE")
        time.sleep(1.1)
        yield lambda: cursor.execute("ROLLBACK")
        cursor.execute("ROLLBACK")
        cursor.execute("RESET application_name")
    holder.close()


class Migrating(threading.Thread):
    def __init__(self):
        super().__init__()
        self.said, self.error = io.StringIO(), None

    def run(self):
        try:
            call_command("migrate", "comments", verbosity=0, stderr=self.said)
            with connections["default"].cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                self.timeout_left = cursor.fetchone()[0]
        except CommandError as error:
            self.error = error
        finally:
            connections["default"].close()


def has_column() -> bool:
    with connection.cursor() as cursor:
        return "tried_at" in {
            each.name for each in connection.introspection.get_table_description(cursor, "comments_comment")
        }


def wait_until_somebody_waits() -> None:
    deadline = time.monotonic() + 60
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT 1 FROM pg_locks WHERE relation = 'comments_comment'::regclass AND NOT granted")
            if cursor.fetchone():
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


def test_while_a_backup_reads_readers_wait_for_some_seconds_and_the_migration_is_tried_again(
    next_release, held, monkeypatch
):
    monkeypatch.setattr(migrate, "PAUSE", 0.5)
    next_release()
    migrating = Migrating()
    migrating.start()
    wait_until_somebody_waits()
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM comments_comment")
    assert time.monotonic() - began < migrate.PATIENCE + 2
    while "Waiting for others" not in migrating.said.getvalue() and migrating.is_alive():
        time.sleep(0.01)
    assert "pg_dump (process " in migrating.said.getvalue()
    assert not has_column()
    held()
    migrating.join(60)
    assert migrating.error is None and has_column()
    assert migrating.timeout_left == "0"


def test_in_the_end_it_gives_up_and_says_for_whom_it_has_waited(next_release, held, monkeypatch):
    monkeypatch.setattr(migrate, "PAUSE", 0.0)
    monkeypatch.setattr(migrate, "ATTEMPTS", 2)
    monkeypatch.setattr(migrate, "PATIENCE", 1)
    next_release()
    migrating = Migrating()
    migrating.start()
    migrating.join(60)
    held()
    assert "do not let go" in str(migrating.error) and "pg_dump" in str(migrating.error)
    assert not has_column()


def test_what_would_be_left_half_done_waits_for_as_long_as_it_takes(next_release, held, monkeypatch):
    monkeypatch.setattr(migrate, "PATIENCE", 1)
    next_release(atomic=False)
    migrating = Migrating()
    migrating.start()
    migrating.join(3)
    assert migrating.is_alive() and not migrating.said.getvalue()
    held()
    migrating.join(60)
    assert migrating.error is None and has_column()


def test_what_is_half_done_is_not_begun_once_more(next_release, monkeypatch):
    monkeypatch.setattr(migrate, "PAUSE", 0.0)
    next_release(atomic=False, more=DEADLOCK)
    with pytest.raises(OperationalError, match="deadlock"):
        call_command("migrate", "comments", verbosity=0)
    assert has_column()
    # To be taken back with the others.
    call_command("migrate", "comments", fake=True, verbosity=0)
