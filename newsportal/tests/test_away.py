"""While the database cannot be reached one request finds that out, and all others are told at once."""

import concurrent.futures
import copy
import socket
import threading

import pytest
from django.db import OperationalError, connection
from django.test import Client

from deploy import loopback
from newsportal.database import away as module
from newsportal.database.away import Away, KnownAway
from newsportal.database.troubles import is_away
from newsportal.tests import nodes


@pytest.fixture
def away(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.0)
    return Away()


def fail(away: Away) -> None:
    with pytest.raises(OSError), away.connecting():
        raise OSError


def attempt(away: Away) -> bool:
    """Whether somebody may try; the attempt succeeds."""
    try:
        with away.connecting():
            return True
    except KnownAway:
        return False


def test_while_all_is_well_everybody_connects_at_once(away):
    with away.connecting(), away.connecting():
        assert attempt(away)


def test_after_one_has_failed_one_at_a_time_tries(away):
    fail(away)
    with away.connecting():
        assert not attempt(away)
    # It has succeeded.
    with away.connecting():
        assert attempt(away)


def test_an_attempt_that_fails_lets_another_one_try(away):
    for _ in range(3):
        fail(away)
    assert attempt(away)


def test_between_two_attempts_is_a_pause(away, monkeypatch):
    fail(away)
    monkeypatch.setattr(module, "PAUSE", 60.0)
    assert not attempt(away)
    monkeypatch.setattr(module, "PAUSE", 0.0)
    assert attempt(away)


@pytest.mark.parametrize("words", [
    "sorry, too many clients already", 'too many connections for role "newsportal"',
    "remaining connection slots are reserved for roles with the SUPERUSER attribute",
])  # fmt: skip
def test_a_server_that_has_no_room_for_one_more_is_not_away(away, words):
    psycopg = pytest.importorskip("psycopg")
    with pytest.raises(psycopg.OperationalError), away.connecting():
        raise psycopg.OperationalError(f"connection failed: FATAL:  {words}")
    with away.connecting():
        assert attempt(away)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that could be full")
def test_a_full_server_says_what_is_known_of_it():
    import psycopg

    from newsportal.database.troubles import has_no_room

    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS nobody_more")
        cursor.execute("CREATE ROLE nobody_more LOGIN CONNECTION LIMIT 0")
    parameters = connection.settings_dict
    try:
        with pytest.raises(psycopg.OperationalError) as refused:
            psycopg.connect(
                host=parameters["HOST"], port=parameters["PORT"], dbname=parameters["NAME"], user="nobody_more"
            )
        assert has_no_room(refused.value)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE nobody_more")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server that could be full")
def test_whoever_finds_a_server_full_keeps_nobody_from_the_connections_that_there_are(monkeypatch):
    from newsportal.database.postgresql.base import DatabaseWrapper

    monkeypatch.setattr(module, "PAUSE", 60.0)
    given = copy.deepcopy(connection.settings_dict) | {"USER": "two_at_most"}
    given["OPTIONS"]["pool"] |= {"max_size": 4, "timeout": 1}
    one, two, three = (DatabaseWrapper(given, "of_two") for _ in range(3))
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS two_at_most")
        cursor.execute("CREATE ROLE two_at_most LOGIN CONNECTION LIMIT 2")
    try:
        one.ensure_connection()
        two.ensure_connection()
        with pytest.raises(OperationalError) as refused:
            three.ensure_connection()
        assert is_away(refused.value), "a reader is told to try again"
        two.close()
        three.ensure_connection()
    finally:
        for each in (one, two, three):
            each.close()
        one.close_pool()
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE two_at_most")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's clients are on its machine")
def test_the_server_notices_soon_who_is_gone_and_options_of_the_url_stay():
    from newsportal.backup.postgresql import connected
    from newsportal.page_cache.counters import source_of

    source = source_of()
    source.numbers(("any",))
    with connection.cursor() as cursor, connected() as past_django:
        for ask in (cursor.execute, source._connection.execute, past_django.execute):
            found = {}
            for name in ("idle", "interval", "count"):
                found[name] = ask(f"SHOW tcp_keepalives_{name}").fetchone()[0]
            assert found == {"idle": "30", "interval": "10", "count": "3"}
            # conftest.py says so in the way in which DATABASE_URL may
            assert ask("SHOW synchronous_commit").fetchone() == ("off",)
    source._connection.close()


def test_of_many_threads_one_waits(away):
    fail(away)
    trying, go_on = threading.Event(), threading.Event()

    def slow() -> bool:
        with away.connecting():
            trying.set()
            return go_on.wait(60)

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        first = pool.submit(slow)
        assert trying.wait(60)
        # All of them are done while the first still waits.
        assert [pool.submit(attempt, away).result(60) for _ in range(8)] == [False] * 8
        go_on.set()
        assert first.result(60)


def test_a_database_that_says_nothing_costs_each_thread_one_wait_and_no_page_its_answer():
    pytest.importorskip("psycopg")
    connections = []
    with socket.socket() as server:
        server.bind((loopback.HOST, 0))
        server.listen(64)

        def count() -> None:
            while True:
                try:
                    connections.append(server.accept()[0])
                except OSError:
                    return

        counting = threading.Thread(target=count, daemon=True)
        counting.start()
        url = f"postgres://nobody@{loopback.HOST}:{server.getsockname()[1]}/none"
        with nodes.running(1, DATABASE_URL=url, CACHE_URL="locmemcache://") as (node,):
            assert nodes.get(node, "/search/?q=x")[0] == 503
            before = len(connections)
            # Each asks the database three times, and none of them waits for it three times.
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                answers = list(pool.map(lambda _: nodes.get(node, "/search/?q=x")[0], range(60)))
            assert set(answers) == {503}
            assert nodes.get(node, "/healthz") == (200, "ok\n")
            # Of 60 requests hardly one was an attempt.
            assert len(connections) - before < 20
        server.shutdown(socket.SHUT_RDWR)
    counting.join(60)
    for opened in connections:
        opened.close()


@pytest.mark.django_db
def test_a_reader_who_is_refused_is_told_so(client, monkeypatch):
    def refused(*args, **kwargs):
        raise OperationalError("The database could not be reached a moment ago.")

    monkeypatch.setattr("articles.paging.Listing.page", refused)
    response = Client().get("/latest/")
    assert (response.status_code, response["Retry-After"]) == (503, "30")


@pytest.mark.django_db
def test_a_column_that_is_not_there_is_an_error_of_ours_and_no_database_that_is_away(monkeypatch):
    def broken(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_column FROM articles_article")

    monkeypatch.setattr("articles.paging.Listing.page", broken)
    response = Client(raise_request_exception=False).get("/latest/")
    assert response.status_code == 500
    assert "Retry-After" not in response


@pytest.mark.django_db(transaction=True)
def test_a_database_in_which_somebody_holds_a_lock_for_too_long_is_busy_and_not_away(monkeypatch):
    on_postgresql = connection.vendor == "postgresql"

    def waits(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'" if on_postgresql else "PRAGMA busy_timeout = 10")
            cursor.execute("UPDATE articles_section SET name = name")

    monkeypatch.setattr("articles.paging.Listing.page", waits)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN" if on_postgresql else "BEGIN IMMEDIATE")
            if on_postgresql:
                cursor.execute("LOCK TABLE articles_section")
            response = Client().get("/latest/")
            cursor.execute("ROLLBACK")
    finally:
        other.close()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0" if on_postgresql else "PRAGMA busy_timeout = 30000")
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert "too busy" in response.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no connections that somebody else ends")
def test_no_reader_notices_that_the_database_was_started_anew_while_nobody_read():
    """As by an upgrade of PostgreSQL at night: the connections that a node has are all dead, and it does not know."""
    with nodes.running(1, PAGE_CACHE="false") as [node]:
        assert [nodes.get(node, "/latest/")[0] for _ in range(3)] == [200] * 3
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert [nodes.get(node, "/latest/")[0] for _ in range(3)] == [200] * 3
