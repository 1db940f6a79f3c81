"""A PostgreSQL that takes what is sent and answers nothing: whoever asks is told so in time, and loses nothing."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from deploy import loopback
from newsportal.database import patience

pytest.importorskip("psycopg")
import psycopg

from newsportal.database.postgresql import patient
from newsportal.tests.lasting import lasting

pytestmark = pytest.mark.skipif(
    not Path(loopback._program("initdb")).is_file(), reason="no programs of PostgreSQL here"
)

SECONDS = 2
#: With the time to ask it once whether it is there at all, and for a busy machine.
BOUND = SECONDS + patience.GRACE + 5


class Wire:
    """Passes on what comes, to and from a server, until it is `cut`; then it takes everything and passes on nothing."""

    def __init__(self, to: int):
        self._to = to
        self._flows = threading.Event()
        self._flows.set()
        self._listening = socket.create_server((loopback.HOST, 0), backlog=64)
        self._sockets: list[socket.socket] = []
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._flows.clear()

    def mend(self) -> None:
        self._flows.set()

    def close(self) -> None:
        self._flows.set()
        for one in (self._listening, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near = self._listening.accept()[0]
                far = socket.create_connection((loopback.HOST, self._to))
                self._sockets += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flows.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def server():
    """A cluster of its own; its DATABASE_URL."""
    # Not in a folder of the tests, which another user cannot enter.
    with tempfile.TemporaryDirectory() as folder, loopback.postgresql(Path(folder)) as url:
        yield url


@pytest.fixture
def wire(server):
    wire = Wire(urllib.parse.urlsplit(server).port)
    yield wire
    wire.close()


@pytest.fixture
def connection(wire):
    with patient.Connection.connect(f"postgresql://postgres@{loopback.HOST}:{wire.port}/postgres") as connection:
        yield connection


# --- A connection -----------------------------------------------------------------------------------------------------


def test_a_server_that_says_nothing_is_given_up_and_known_to_be_silent(connection, wire):
    assert connection.execute("SELECT 1").fetchone() == (1,)
    wire.cut()
    with lasting(0, BOUND), patience.of(SECONDS), pytest.raises(psycopg.OperationalError, match="within 2 seconds"):
        connection.execute("SELECT 1")
    assert connection.closed and connection.is_silent


def test_a_statement_that_takes_too_long_is_ended_at_the_server_which_is_not_silent(connection, server):
    pid = connection.info.backend_pid
    with lasting(0, BOUND), patience.of(SECONDS), pytest.raises(psycopg.OperationalError, match="within 2 seconds"):
        connection.execute("SELECT pg_sleep(60)")
    assert connection.closed and not connection.is_silent
    with psycopg.connect(server) as other:
        question = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
        loopback.wait_until(lambda: other.execute(question, [pid]).fetchone() == (0,), "the end of the statement")


def test_a_commit_is_not_waited_for_any_longer(connection, wire):
    connection.execute("CREATE TEMPORARY TABLE words (word text)")
    wire.cut()
    with lasting(0, BOUND), patience.of(SECONDS), pytest.raises(psycopg.OperationalError):
        connection.commit()


def test_who_answers_no_requests_waits_as_long_as_it_takes(connection):
    assert patience.seconds() is None
    with patience.of(60):
        assert connection.execute("SELECT 1 FROM pg_sleep(3)").fetchone() == (1,)
    assert connection.execute("SELECT 2 FROM pg_sleep(3)").fetchone() == (2,)


def test_work_after_the_answer_is_given_more_time_than_an_answer(settings):
    settings.DATABASE_TIMEOUT = 15
    with patience.of(900):
        assert patience.seconds() == 900
        # Another thread has its own.
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(patience.seconds).result() is None


# --- A site -----------------------------------------------------------------------------------------------------------


class Visitor:
    def __init__(self, port: int):
        self.port, self.cookies = port, {}

    def ask(self, path: str, **fields: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(loopback.HOST, self.port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers["Sec-Fetch-Site"] = "same-origin"
        body = None
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://{loopback.HOST}:{self.port}"
            body = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": self.token})
        try:
            connection.request("POST" if fields else "GET", path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text):
            self.token = found[1]
        return answer.status, text


@pytest.fixture(scope="module")
def filled(server, tmp_path_factory):
    """(the cluster's address, what else a node needs): with tables, and somebody who writes."""
    folder = tmp_path_factory.mktemp("site")
    environment = {
        "SECRET_KEY": "for this test only, and long enough for every check that looks at it", "SITE_NAME": "The Silent Post",
        "ALLOWED_HOSTS": loopback.HOST, "DEBUG": "false", "CACHE_URL": "locmemcache://", "MEDIA_ROOT": str(folder),
        "STATIC_ROOT": str(folder / "static"), "DATABASE_TIMEOUT": str(SECONDS), "BACKGROUND_WORKER": "process", "SITE_URL": f"http://{loopback.HOST}",
    }  # fmt: skip
    makes = (
        "from django.contrib.auth.models import User; User.objects.create_superuser('editor', password='open sesame')"
    )
    own = os.environ | environment | {"DATABASE_URL": server}
    quiet = ("--verbosity", "0")
    for command in (["migrate", *quiet], ["collectstatic", "--no-input", *quiet], ["shell", "-c", makes, *quiet]):
        subprocess.run([sys.executable, "manage.py", *command], env=own, check=True, cwd=loopback.PROJECT)
    return environment


def test_a_request_is_told_in_time_with_what_was_typed_and_all_works_again_afterwards(filled, wire):
    url = f"postgres://postgres@{loopback.HOST}:{wire.port}/postgres"
    with loopback.nodes(1, filled | {"DATABASE_URL": url}) as (port,):
        editor = Visitor(port)
        editor.ask("/admin/login/")
        assert editor.ask("/admin/login/", login="editor", password="open sesame")[0] == 302
        form = editor.ask("/admin/articles/article/add/")[1]
        assert "id_headline" in form
        # So many connections are open as threads wait for them.
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda _: loopback.status(port, "/search/?q=x"), range(8))) == {200}

        wire.cut()
        typed = "It rained on the harbour, and the editor had been writing about it for an hour."
        with lasting(0, BOUND):
            status, text = editor.ask("/admin/articles/article/add/", headline="Rain", body=f"<p>{typed}</p>")
        assert status == 503
        assert typed in text and "Rain" in text
        # Whoever comes now is told at once, and the process is not taken for dead.
        with lasting(0, BOUND):
            assert loopback.status(port, "/search/?q=y") == 503
            assert loopback.status(port, "/healthz") == 200
            assert loopback.status(port, "/readyz") == 503
        with lasting(0, BOUND), ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda n: loopback.status(port, f"/search/?q={n}"), range(40))) == {503}

        wire.mend()
        loopback.wait_until(lambda: loopback.status(port, "/readyz") == 200, "the node", 20)
        loopback.wait_until(lambda: loopback.status(port, "/search/?q=z") == 200, "a search", 20)
        assert "id_headline" in editor.ask("/admin/articles/article/add/")[1]


def test_one_stopped_process_of_the_server_keeps_nobody_from_an_answer(filled, server):
    with loopback.nodes(1, filled | {"DATABASE_URL": server, "DATABASE_POOL_SIZE": "1", "PAGE_CACHE": "false"}) as (
        port,
    ):
        assert loopback.status(port, "/search/?q=x") == 200
        with psycopg.connect(server, autocommit=True) as other:
            mine = other.info.backend_pid
            question = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> %s"
            stopped = [pid for (pid,) in other.execute(question, [mine])]
        assert stopped
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            # The server itself is there: the connection is looked at before it is used, given up, and another one asked.
            with lasting(0, BOUND):
                assert loopback.status(port, "/search/?q=y") == 200
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
