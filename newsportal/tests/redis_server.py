"""A Redis of a test's own, and what counts in it."""

from __future__ import annotations

import contextlib
import signal

import redis

from deploy import loopback
from newsportal.page_cache.counters import InDatabase, source_of
from newsportal.page_cache.redis_counters import InRedis


class Server:
    """A Redis that can be killed and started again with what it had, or without."""

    def __init__(self, folder):
        self._running = contextlib.ExitStack()
        self._part = self._running.enter_context(loopback.redis_part(folder))
        self.url, self.port = self._part.url, self._part.port
        self.client = redis.Redis(port=self.port)

    def start(self) -> None:
        self._part.start()

    def kill(self) -> None:
        self._part.stop(signal.SIGKILL)


def make_node(server: Server) -> InRedis:
    return InRedis(InDatabase(source_of()), server.url)
