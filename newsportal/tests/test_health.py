"""Whether a process lives and is ready, asked as load balancers ask, with the database there, away, silent and out of date."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from deploy import loopback
from newsportal.tests import nodes
from newsportal.watching import health


@pytest.fixture
def readiness(monkeypatch):
    """As a new process has it."""
    monkeypatch.setattr(health, "readiness", health.Readiness())


@pytest.mark.django_db
@pytest.mark.parametrize(("url", "said"), [("/healthz", "ok\n"), ("/readyz", "ready\n")])
def test_whoever_asks_is_told_and_nobody_keeps_it(client, settings, readiness, url, said):
    # By an address that is none of our names, and without TLS.
    settings.SECURE_SSL_REDIRECT = True
    response = client.get(url, headers={"host": "10.1.2.3:8000"})
    assert (response.status_code, response.content.decode()) == (200, said)
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert not response.cookies
    assert client.post(url).status_code == 405
    assert client.head(url).content == b""


@pytest.mark.django_db
def test_to_live_asks_the_database_nothing_and_to_be_ready_one_question(client, readiness, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/healthz")
        # In a thread of its own: what this connection is busy with does not matter.
        assert client.get("/readyz").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_database_that_has_not_been_migrated_gets_no_readers(client, readiness):
    last = MigrationRecorder.Migration.objects.get(app="newsportal", name="0007_purge")
    last.delete()
    try:
        response = client.get("/readyz")
        assert (response.status_code, response.content) == (503, b"not ready: migrations\n")
        assert client.get("/healthz").status_code == 200
    finally:
        last.save(force_insert=True)
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_pictures_that_cannot_be_written_say_so(client, readiness, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "made" / "with the first picture")
    assert client.get("/readyz").content == b"ready\n"
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = str(tmp_path / "file" / "media")
    assert client.get("/readyz").content == b"not ready: media\n"


@pytest.mark.django_db
def test_a_database_that_refuses_says_so_and_gives_nothing_away(client, readiness, monkeypatch):
    def down(*args, **kwargs):
        raise OperationalError("could not connect to server at 10.9.8.7, user newsportal")

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", down)
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"not ready: database\n")
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_a_look_that_hangs_keeps_nobody_and_is_not_begun_again(readiness, monkeypatch):
    go_on, looks = threading.Event(), []

    def hangs(self):
        looks.append(1)
        go_on.wait(60)
        return ""

    monkeypatch.setattr(health.Readiness, "_database", hangs)
    for _ in range(3):
        assert health.readiness.missing(within=0.01) == ["database"]
    assert len(looks) == 1
    go_on.set()
    assert health.readiness.missing(within=60) == []


# --- Real servers -----------------------------------------------------------------------------------------------------

needs_postgresql = pytest.mark.skipif(
    not Path(loopback._program("initdb")).is_file(), reason="no programs of PostgreSQL here"
)


@contextlib.contextmanager
def silent():
    """The port of a server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind((loopback.HOST, 0))
        server.listen(64)
        yield server.getsockname()[1]


def test_a_server_lives_while_its_database_is_silent():
    pytest.importorskip("psycopg")
    with silent() as port:
        url = f"postgres://nobody@{loopback.HOST}:{port}/none"
        with nodes.running(1, DATABASE_URL=url, CACHE_URL="locmemcache://") as (node,):
            assert nodes.get(node, "/readyz") == (503, "not ready: database\n")
            assert nodes.get(node, "/healthz") == (200, "ok\n")


def say_that_it_is_migrated(url: str) -> None:
    """All that a process asks of it; to migrate takes a while."""
    import psycopg

    with psycopg.connect(url) as there:
        columns = "id serial PRIMARY KEY, app text, name text, applied timestamptz DEFAULT now()"
        there.execute(f"CREATE TABLE django_migrations ({columns})")
        there.cursor().executemany(
            "INSERT INTO django_migrations (app, name) VALUES (%s, %s)", sorted(health._of_this_version())
        )


@needs_postgresql
def test_a_server_is_ready_again_when_its_database_is_back():
    pytest.importorskip("psycopg")
    with tempfile.TemporaryDirectory(prefix="newsportal-") as name, loopback.postgresql(Path(name)) as url:
        own = {"DATABASE_URL": url, "CACHE_URL": "locmemcache://"}
        with nodes.running(1, **own) as (node,):
            assert nodes.get(node, "/readyz") == (503, "not ready: migrations\n")
            say_that_it_is_migrated(url)
            assert nodes.get(node, "/readyz") == (200, "ready\n")
            first = int((Path(name) / "postgresql" / "postmaster.pid").read_text().split()[0])
            os.kill(first, signal.SIGINT)
            loopback.wait_until(lambda: nodes.get(node, "/readyz") == (503, "not ready: database\n"), "that it is away")
            assert nodes.get(node, "/healthz") == (200, "ok\n")
            port = int(url.rpartition(":")[2].partition("/")[0])
            loopback.wait_until(lambda: not (Path(name) / "postgresql" / "postmaster.pid").exists(), "its end")
            command = [*loopback._as_owner(), loopback._program("postgres"), "-D", str(Path(name) / "postgresql"),
                       "-p", str(port), "-h", loopback.HOST, "-k", ""]  # fmt: skip
            with loopback.process(command, cwd=str(Path(name) / "postgresql"), stderr=subprocess.DEVNULL):
                loopback.wait_until(lambda: nodes.get(node, "/readyz") == (200, "ready\n"), "that it is back")
