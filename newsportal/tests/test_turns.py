"""Where the database is SQLite, one request of a process reads at a time; nobody waits for long, and no write at all."""

import threading

import pytest
from django.db import connection

from newsportal.turns import Turns, in_turn


class Inside:
    """An application in which requests stay until they are let go."""

    def __init__(self):
        self.entered, self.leave = threading.Semaphore(0), threading.Event()

    def __call__(self, environ, start_response):
        self.entered.release()
        assert self.leave.wait(10)
        return [environ["REQUEST_METHOD"].encode()]


def asked(application, method: str) -> threading.Thread:
    thread = threading.Thread(target=application, args=({"REQUEST_METHOD": method}, None))
    thread.start()
    return thread


def test_a_second_page_waits_for_the_first():
    inside = Inside()
    application = Turns(inside, patience=10)
    requests = [asked(application, "GET"), asked(application, "HEAD")]
    assert inside.entered.acquire(timeout=10)
    assert not inside.entered.acquire(timeout=0.2)
    inside.leave.set()
    assert inside.entered.acquire(timeout=10)
    for request in requests:
        request.join()


def test_nobody_waits_for_one_that_takes_too_long():
    inside = Inside()
    application = Turns(inside, patience=0.05)
    requests = [asked(application, "GET"), asked(application, "GET")]
    assert inside.entered.acquire(timeout=10) and inside.entered.acquire(timeout=10)
    inside.leave.set()
    for request in requests:
        request.join()
    # Who had no turn gives none back.
    assert application._turn.acquire(blocking=False)


def test_writes_neither_wait_nor_are_waited_for():
    inside = Inside()
    application = Turns(inside, patience=10)
    requests = [asked(application, "GET"), asked(application, "POST"), asked(application, "POST")]
    for _ in requests:
        assert inside.entered.acquire(timeout=10)
    inside.leave.set()
    for request in requests:
        request.join()


def test_a_turn_ends_with_an_error_too():
    def broken(environ, start_response):
        raise RuntimeError("It is broken.")

    application = Turns(broken, patience=10)
    with pytest.raises(RuntimeError, match="It is broken"):
        application({"REQUEST_METHOD": "GET"}, None)
    assert application._turn.acquire(blocking=False)


def test_only_sqlite_hands_over_with_each_row():
    inside = Inside()
    assert isinstance(in_turn(inside), Turns) == (connection.vendor == "sqlite")
