"""The numbers once more in Redis or Valkey, for several machines: read in a tenth of the time that PostgreSQL takes, and as exact.

The database has the truth, and Redis a copy of each number that is believed only while it must be the same. Who is about to commit
says so there first (`open` is raised), and afterwards brings the new number and lowers `open` again. What can go wrong, and why no
page is old then:

- `open` is not 0: something is being settled. The database is asked.
- A process dies in between: `open` stays. After HEAL_AFTER seconds, when its transaction is over one way or the other, whoever
  reads it brings the number from the database.
- Redis restarts, is flushed or restored, or a replica takes its place: each number was written under the identity of the server
  (its run id), and under another one it is not believed, but brought from the database again.
- Redis cannot be reached by who commits, but is by others: the transaction raises UNREACHED in the database, under whose number
  everything in Redis is written, too, and its author waits for LEASE seconds. Nobody believes Redis who has not read UNREACHED
  within that time.
- Redis cannot be reached by who reads: the database is asked.
- A key goes that nobody has brought or settled for KEPT_FOR, since a crawler asks for every story that there is. It is brought from
  the database again. An old number could come back only by who has read it before a commit and brings it after the new one is gone,
  which is a day later. While `open` is not 0 no key goes: what is being settled would be believed as it was before.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import redis
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from newsportal.page_cache.counters import ANY, UNREACHED, InDatabase, Stamp, Unreadable, raise_numbers

logger = logging.getLogger(__name__)

#: How often, in seconds, who believes Redis makes sure that nobody has committed without it.
LEASE = 1.0
#: For how long, in seconds, Redis is left alone after it could not be reached.
LEAVE_ALONE = 1.0
#: After so many seconds a transaction that has begun to commit, and not settled, is over.
HEAL_AFTER = 30.0
#: For how long, in seconds, Redis has a key that nothing happens to: many times as long as anything takes that has begun.
KEPT_FOR = 24 * 3600
#: Seconds after which Redis counts as not reached: a page is made in less than that.
TIMEOUT = 0.25

PREFIX = "newsportal:edition:"
FIELDS = ("number", "under", "open")

#: KEYS: a key. ARGV: its number in the database, under what it is written, and what `open` must be to become 0 ("": it stays).
BRING = f"""
local number = math.max(tonumber(redis.call('HGET', KEYS[1], 'number') or 0), tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'number', number, 'under', ARGV[2])
if ARGV[3] ~= '' and redis.call('HGET', KEYS[1], 'open') == ARGV[3] then redis.call('HSET', KEYS[1], 'open', 0) end
if (redis.call('HGET', KEYS[1], 'open') or '0') == '0' then redis.call('EXPIRE', KEYS[1], {KEPT_FOR}) end
"""
#: KEYS: a key. ARGV: its new number, and under what it is written. Numbers only grow: of two that settle, either may come first.
SETTLE = f"""
local number = math.max(tonumber(redis.call('HGET', KEYS[1], 'number') or 0), tonumber(ARGV[1]))
redis.call('HSET', KEYS[1], 'number', number, 'under', ARGV[2])
if redis.call('HINCRBY', KEYS[1], 'open', -1) == 0 then redis.call('EXPIRE', KEYS[1], {KEPT_FOR}) end
"""


class _Reader(threading.local):
    """A connection of this thread, and the identity of who is at its other end."""

    connection: Any = None
    run_id: str = ""


class InRedis:
    def __init__(self, in_database: InDatabase, url: str | None = None, prefix: str = PREFIX):
        self._in_database = in_database
        self._prefix = prefix
        self._pool = redis.ConnectionPool.from_url(
            url or settings.CACHES["default"]["LOCATION"], socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
        )
        self._client = redis.Redis(connection_pool=self._pool)
        self._reader = _Reader()
        self._unreached: tuple[float, object] = (-float("inf"), None)
        self._left_alone_until = -float("inf")
        #: (key, open) → since when (monotonic) it has been like that.
        self._open_since: dict[tuple[str, bytes], float] = {}
        self._packed: dict[tuple[str, ...], bytes] = {}

    # --- Reading ------------------------------------------------------------------------------------------------------

    def read(self, keys: Iterable[str]) -> Stamp:
        wanted = tuple(keys)
        if time.monotonic() < self._left_alone_until:
            return self._in_database.read(wanted)
        unreached = self._lease()
        try:
            found = self._ask(wanted)
            under = f"{self._reader.run_id}:{unreached}".encode()
            if all(is_under == under and open_ in {None, b"0"} for _, is_under, open_ in found):
                # Whoever was changing them has settled it: who is next begins a time of their own.
                for seen in [seen for seen in list(self._open_since) if seen[0] in wanted]:
                    self._open_since.pop(seen, None)
                return tuple(int(number or 0) for number, _, _ in found)
            numbers = self._in_database.read(wanted)
            self._bring(wanted, numbers, found, under)
            return numbers
        except (redis.RedisError, OSError):
            self._leave_alone()
            return self._in_database.read(wanted)

    def _lease(self) -> object:
        """How often somebody has committed without Redis, as it was within the last LEASE seconds."""
        asked_at, unreached = self._unreached
        if time.monotonic() - asked_at >= LEASE:
            # The time before the question, not after the answer.
            asked_at = time.monotonic()
            (unreached,) = self._in_database.read((UNREACHED,))
            self._unreached = asked_at, unreached
        return unreached

    def _ask(self, keys: tuple[str, ...]) -> list[list[bytes | None]]:
        """FIELDS of each key."""
        if self._reader.connection is not None:
            # Where it has been restarted, nobody is at the other end of this connection, and somebody at that of a new one.
            with suppress(redis.RedisError, OSError):
                return self._ask_once(keys)
        return self._ask_once(keys)

    def _ask_once(self, keys: tuple[str, ...]) -> list[list[bytes | None]]:
        connection = self._connected()
        try:
            connection.send_packed_command([self._question(connection, keys)], check_health=False)
            return [connection.read_response() for _ in keys]
        except BaseException:
            self._reader.connection = None
            connection.disconnect()
            raise

    def _question(self, connection: Any, keys: tuple[str, ...]) -> bytes:
        packed = self._packed.get(keys)
        if packed is None:
            commands = [b"".join(connection.pack_command("HMGET", self._prefix + key, *FIELDS)) for key in keys]
            packed = b"".join(commands)
            # With each request one is asked for; several only when something has changed.
            if len(keys) == 1:
                self._packed[keys] = packed
        return packed

    def _connected(self) -> Any:
        reader = self._reader
        if reader.connection is None:
            connection = self._pool.connection_class(**self._pool.connection_kwargs)
            connection.connect()
            connection.send_command("INFO", "server")
            reader.run_id = _run_id(connection.read_response())
            reader.connection = connection
        return reader.connection

    def _bring(self, keys: tuple[str, ...], numbers: Stamp, found: list, under: bytes) -> None:
        now = time.monotonic()
        for key, number, (_, is_under, open_) in zip(keys, numbers, found, strict=True):
            is_open = open_ not in {None, b"0"}
            since = self._open_since.setdefault((key, open_), now) if is_open else now
            if is_open and now - since > HEAL_AFTER:
                logger.warning("Somebody began to change “%s” and never settled it; it is read from Redis again.", key)
                self._open_since.pop((key, open_), None)
                self._client.eval(BRING, 1, self._prefix + key, str(number), under, open_)
            elif not is_open and is_under != under:
                self._client.eval(BRING, 1, self._prefix + key, str(number), under, "")
        if len(self._open_since) > 1_000:
            self._open_since.clear()

    def _leave_alone(self) -> None:
        if time.monotonic() >= self._left_alone_until + LEAVE_ALONE:
            logger.warning("Redis cannot be reached; pages are held against the database meanwhile.")
        self._left_alone_until = time.monotonic() + LEAVE_ALONE

    def known(self) -> dict[str, int]:
        """All numbers that Redis has; empty while it cannot be reached."""
        try:
            found = {
                name.decode().removeprefix(self._prefix): name for name in self._client.scan_iter(f"{self._prefix}*")
            }
            return {key: int(self._client.hget(name, "number") or 0) for key, name in found.items()}
        except redis.RedisError:
            return {}

    # --- Touching -----------------------------------------------------------------------------------------------------

    def touch(self, connection: BaseDatabaseWrapper, keys: frozenset[str]) -> Callable[[], None]:
        wanted = sorted(keys | {ANY})
        try:
            opening = self._client.pipeline(transaction=True)
            for key in wanted:
                opening.hincrby(self._prefix + key, "open", 1)
                opening.persist(self._prefix + key)
            opening.execute()
        except redis.RedisError:
            raise_numbers(connection, keys | {UNREACHED})
            return lambda: time.sleep(LEASE)
        numbers = raise_numbers(connection, keys)

        def settle() -> None:
            try:
                under = f"{_run_id(self._client.info('server'))}:{self._lease()}"
                settling = self._client.pipeline(transaction=True)
                for key in wanted:
                    settling.eval(SETTLE, 1, self._prefix + key, str(numbers[key]), under)
                settling.execute()
            except (redis.RedisError, Unreadable):
                # It is committed, and nobody is to be told otherwise.
                # `open` stays, or it is another server by now: what it says of these keys is not believed either way.
                logger.warning("Redis went away while something was changed.")

        return settle


def _run_id(told: Any) -> str:
    if isinstance(told, dict):
        return str(told["run_id"])
    lines = told.decode().splitlines()
    return next(line.removeprefix("run_id:") for line in lines if line.startswith("run_id:"))
