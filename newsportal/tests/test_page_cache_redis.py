"""The numbers in Redis are those of the database, whatever becomes of Redis."""

import time

import pytest
from django.db import connection, transaction

from articles.models import Section
from articles.tests.factories import make_section
from newsportal.page_cache import redis_counters
from newsportal.page_cache.counters import InDatabase, Unreadable, counters, source_of
from newsportal.page_cache.redis_counters import InRedis
from newsportal.tests.programs import needs_redis
from newsportal.tests.redis_server import Server, make_node
from newsportal.tests.served import Served

pytestmark = [
    pytest.mark.django_db(transaction=True),
    needs_redis,
]

KEYS = ("site", "lists", "any")


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.kill()


@pytest.fixture
def node(server, monkeypatch):
    """What every process of this test counts with."""
    found = make_node(server)
    monkeypatch.setattr("newsportal.page_cache.counters.counters", lambda: found)
    return found


def truth():
    return InDatabase(source_of()).read(KEYS)


class Blind(InDatabase):
    """A database that is not to be asked."""

    def read(self, keys):
        raise AssertionError("the database was asked")


def without_asking_the_database(node) -> tuple:
    node._in_database, kept = Blind(source_of()), node._in_database
    try:
        return node.read(KEYS)
    finally:
        node._in_database = kept


def test_numbers_are_brought_once_and_read_without_the_database(node):
    make_section()
    assert node.read(KEYS) == truth()
    assert without_asking_the_database(node) == truth()
    before = truth()
    make_section()
    assert without_asking_the_database(node) == truth() != before


def test_another_node_sees_what_this_one_has_touched(server, node):
    other = make_node(server)
    make_section()
    assert other.read(KEYS) == truth()
    before = other.read(KEYS)
    make_section()
    assert other.read(KEYS) == truth() != before


def test_while_something_is_being_settled_the_database_has_the_word(node):
    make_section()
    node.read(KEYS)
    before = truth()
    settle = node.touch(connection, frozenset({"site"}))
    assert node.read(KEYS) == truth()
    settle()
    assert without_asking_the_database(node) == truth() != before


def test_who_has_committed_is_not_told_otherwise_when_the_database_goes_away_then(node):
    make_section()
    settle = node.touch(connection, frozenset({"site"}))
    node._unreached = (-float("inf"), None)

    class Away(InDatabase):
        def read(self, keys):
            raise Unreadable

    node._in_database, kept = Away(source_of()), node._in_database
    settle()
    node._in_database = kept
    assert node.read(KEYS) == truth()


def test_who_dies_before_settling_leaves_no_old_page_and_no_lasting_harm(node, monkeypatch):
    make_section()
    node.read(KEYS)
    before = truth()
    with transaction.atomic():
        Section.objects.update(name="Ports")
        connection.touched.clear()
        node.touch(connection, frozenset({"site"}))  # and is never heard of again
    assert node.read(KEYS) == truth() != before
    monkeypatch.setattr(redis_counters, "HEAL_AFTER", -1)
    node.read(KEYS)
    assert without_asking_the_database(node) == truth()
    make_section()
    assert without_asking_the_database(node) == truth()


def test_who_was_only_slow_is_believed_in_the_end(node, monkeypatch):
    make_section()
    node.read(KEYS)
    settle = node.touch(connection, frozenset({"site"}))
    monkeypatch.setattr(redis_counters, "HEAL_AFTER", -1)
    node.read(KEYS)
    settle()
    assert node.read(KEYS) == truth()
    assert node.read(KEYS) == truth()
    assert without_asking_the_database(node) == truth()


def test_two_that_are_quick_are_not_taken_for_one_that_never_ended(node, monkeypatch, caplog):
    make_section()
    monkeypatch.setattr(redis_counters, "HEAL_AFTER", 0.2)
    for _ in range(2):
        settle = node.touch(connection, frozenset({"site"}))
        node.read(KEYS)  # while it is open
        settle()
        node.read(KEYS)
        assert node.read(KEYS) == truth()
        time.sleep(0.3)
    assert "never settled" not in caplog.text
    assert without_asking_the_database(node) == truth()


def test_a_killed_redis_is_done_without(server, node):
    make_section()
    node.read(KEYS)
    server.kill()
    before = truth()
    started = time.monotonic()
    make_section()
    assert time.monotonic() - started >= redis_counters.LEASE, "others may still believe what they can reach"
    assert node.read(KEYS) == truth() != before


def test_a_redis_that_comes_back_empty_is_filled_again(server, node):
    make_section()
    node.read(KEYS)
    server.kill()
    server.start()
    make_section()
    time.sleep(redis_counters.LEAVE_ALONE)
    assert node.read(KEYS) == truth()
    assert without_asking_the_database(node) == truth()


def test_a_flushed_redis_is_filled_again(server, node):
    make_section()
    node.read(KEYS)
    server.client.flushall()
    assert node.read(KEYS) == truth()
    make_section()
    assert without_asking_the_database(node) == truth()


def test_a_redis_restored_from_an_older_copy_is_not_believed(server, node):
    make_section()
    node.read(KEYS)
    server.client.save()
    make_section()
    new = truth()
    server.kill()
    server.start()
    assert server.client.keys("*"), "it comes up with what it had then"
    time.sleep(redis_counters.LEAVE_ALONE)
    assert node.read(KEYS) == new
    assert without_asking_the_database(node) == new


def test_who_cannot_reach_redis_waits_until_nobody_believes_it(server, node, monkeypatch):
    """The writer is cut off; the reader is not, and has made sure of the database a moment ago."""
    make_section()
    reader = make_node(server)
    reader.read(KEYS)
    cut_off = InRedis(InDatabase(source_of()), "redis://127.0.0.1:1/0")
    monkeypatch.setattr("newsportal.page_cache.counters.counters", lambda: cut_off)
    make_section()
    assert reader.read(KEYS) == truth()


def ttl(server) -> dict[str, int]:
    """For how many seconds each key will still be there; -1: for ever."""
    return {key: server.client.ttl(redis_counters.PREFIX + key) for key in KEYS}


def test_what_nothing_happens_to_is_not_kept_for_ever(server, node):
    node.read(("story-987654321",))
    assert 0 < server.client.ttl(f"{redis_counters.PREFIX}story-987654321") <= redis_counters.KEPT_FOR
    make_section()
    node.read(KEYS)
    assert all(0 < seconds <= redis_counters.KEPT_FOR for seconds in ttl(server).values())


def test_what_is_being_settled_does_not_go(server, node, monkeypatch):
    make_section()
    node.read(KEYS)
    settle = node.touch(connection, frozenset({"site"}))
    make_node(server).read(KEYS)
    assert (ttl(server)["site"], ttl(server)["any"]) == (-1, -1) and ttl(server)["lists"] > 0
    other = node.touch(connection, frozenset({"site"}))
    settle()
    assert ttl(server)["site"] == -1, "another one is at it"
    other()
    assert ttl(server)["site"] > 0
    node.touch(connection, frozenset({"site"}))  # and is never heard of again
    node.read(KEYS)
    monkeypatch.setattr(redis_counters, "HEAL_AFTER", -1)
    node.read(KEYS)
    assert ttl(server)["site"] > 0
    assert node.read(KEYS) == truth()


def test_what_has_gone_is_brought_from_the_database(server, node):
    for _ in range(3):
        make_section()
    node.read(KEYS)
    for key in KEYS:
        server.client.pexpire(redis_counters.PREFIX + key, 1)
    time.sleep(0.05)
    assert not server.client.keys("*")
    before = node.read(KEYS)
    assert before == truth() == without_asking_the_database(node)
    for key in KEYS:
        server.client.pexpire(redis_counters.PREFIX + key, 1)
    time.sleep(0.05)
    make_section()
    assert node.read(KEYS) == truth() == without_asking_the_database(node) != before


def test_a_redis_that_is_full_is_done_without(server, node):
    make_section()
    node.read(KEYS)
    before = truth()
    server.client.config_set("maxmemory", 1)
    make_section()
    assert node.read(KEYS) == truth() != before
    server.client.config_set("maxmemory", 0)
    time.sleep(redis_counters.LEAVE_ALONE)
    assert node.read(KEYS) == truth() == without_asking_the_database(node)


def test_pages_behind_redis_change_with_what_they_show(node):
    section = make_section(name="Harbours")
    served = Served(node)
    assert "Harbours" in served.get("/").text
    served.get("/")
    assert served.made == 1
    section.name = "Ports"
    section.save()
    assert "Ports" in served.get("/").text


def test_without_redis_in_the_settings_the_database_counts(settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    counters.cache_clear()
    assert isinstance(counters(), InDatabase)
    counters.cache_clear()
