"""A cache in Redis that refuses, is full, or takes what is sent and answers nothing."""

import http.client
import json
import threading
import time
from contextlib import closing, contextmanager

import pytest
import redis
from django.conf import settings as site_settings
from django.core.cache import caches

from comments.limits import is_too_often
from deploy import loopback
from newsportal import policy_reports, redis_cache
from newsportal.database.away import Away
from newsportal.models import PolicyReport
from newsportal.tests import nodes
from newsportal.tests.lasting import lasting
from newsportal.tests.programs import needs_redis

pytestmark = [needs_redis, pytest.mark.django_db(transaction=True)]

HANGS = 1.0
#: What a busy machine may take besides.
MARGIN = 2.0


@pytest.fixture
def server(tmp_path):
    with loopback.redis_part(tmp_path) as part:
        yield part


@pytest.fixture
def cache(server, settings, monkeypatch):
    """That of a process which has not asked before."""
    monkeypatch.setattr(redis_cache, "away", Away())
    settings.CACHES = {"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": server.url} | {
        "OPTIONS": site_settings.OF_REDIS}}  # fmt: skip
    return caches["default"]


def test_one_that_hangs_is_waited_for_once(server, cache):
    cache.set("known", 1)
    assert cache.get("known") == 1
    with server.hanging():
        with lasting(0, HANGS + MARGIN):
            assert cache.get("known") is None
        with lasting(0, HANGS / 2):
            for _ in range(5):
                cache.set_many({"a": 1, "b": 2})
                assert cache.get_many(["known"]) == {} and cache.add("c", 1) is None
    loopback.wait_until(lambda: cache.get("known") == 1, "the cache")


def test_who_comes_while_one_finds_out_waits_for_nothing(server, cache):
    cache.set("known", 1)
    took = []

    def ask() -> None:
        began = time.monotonic()
        cache.get("known")
        took.append(time.monotonic() - began)

    with server.hanging():
        cache.get("known")
        time.sleep(1)
        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(seconds > HANGS / 2 for seconds in took) <= 1


def test_what_it_refuses_is_an_answer(server, cache):
    cache.set("word", "x")
    with closing(redis.Redis(port=server.port)) as client:
        client.config_set("maxmemory", 1)
        assert cache.set("more", 1) is None
        assert cache.get("word") == "x"


@pytest.mark.parametrize("how", ["away", "full"])
def test_what_cannot_be_counted_is_as_often_as_its_user_says(server, cache, how):
    if how == "away":
        server.stop()
    else:
        with closing(redis.Redis(port=server.port)) as client:
            client.config_set("maxmemory", 1)
    assert is_too_often("likes", "a network", an_hour=5) is False
    assert is_too_often("csp", "a network", an_hour=5, uncounted=True) is True


@contextmanager
def gone(server):
    server.stop()
    yield


def report(port: int, number: int) -> int:
    told = json.dumps({"csp-report": {"effective-directive": f"made-up-{number}"}})
    with closing(http.client.HTTPConnection(loopback.HOST, port, timeout=60)) as connection:
        connection.request("POST", "/csp-reports/", told, {"Content-Type": "application/csp-report"})
        return connection.getresponse().status


@pytest.mark.parametrize("how", ["away", "hanging"])
def test_reports_flood_nothing_while_it_is_away_and_keep_nobody_waiting(server, how):
    with nodes.running(1, CACHE_URL=server.url) as [node]:
        assert report(node, 0) == 204
        assert PolicyReport.objects.count() == 1
        until, sent = time.monotonic() + 6, []

        def flood() -> None:
            while time.monotonic() < until:
                sent.append(report(node, len(sent)))

        with gone(server) if how == "away" else server.hanging():
            threads = [threading.Thread(target=flood) for _ in range(24)]
            for thread in threads:
                thread.start()
            time.sleep(2)
            for _ in range(3):
                with lasting(0, MARGIN):
                    assert nodes.ask(node, "/healthz")[0] == 200
            for thread in threads:
                thread.join()
        assert set(sent) == {204} and len(sent) > policy_reports.FROM_ONE
        assert PolicyReport.objects.count() == 1
