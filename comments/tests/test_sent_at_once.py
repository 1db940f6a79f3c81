"""Many comments in one moment: the limits of speed hold for those that nobody had stored yet when they were screened."""

import dataclasses
import threading
from functools import partial

import pytest
from django.db import connection

from articles.tests.factories import make_article
from comments import checks
from comments.keyed import keyed_hash
from comments.models import Comment
from comments.post import PostRefused
from comments.tests.at_once import at_once
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db(transaction=True)


def sent_at_once(readers, monkeypatch, **said) -> list[Exception]:
    """What became of a comment of each reader, none of which is stored before all are screened: what was refused, and why."""
    screened = threading.Barrier(len(readers))

    def all_the_others(comment, submission):
        connection.close()  # there are fewer in the pool than wait here
        screened.wait(timeout=30)

    monkeypatch.setattr(checks, "CHECKS", [*checks.CHECKS, all_the_others])

    def send(number, reader):
        make_comment(reader=reader, body=f"Number {number} of many.", **said)

    return at_once(*(partial(send, *one) for one in enumerate(readers)))


def one_guest(number: int):
    """Of one guest who is proved in this many browsers, each in a network of its own."""
    guest = make_reader(email="known@example.org", approved=5).commenter
    return [dataclasses.replace(make_reader(), commenter=guest) for _ in range(number)]


def one_browser(number: int):
    return [make_reader()] * number


def one_network(number: int):
    return [make_reader(network=keyed_hash("network", "10.9.9.9")) for _ in range(number)]


@pytest.mark.parametrize(("who", "sent", "taken"), [(one_guest, 8, 4), (one_browser, 8, 4), (one_network, 19, 15)])
def test_as_many_as_may_be_are_taken_of_those_that_come_at_once(who, sent, taken, monkeypatch):
    refused = sent_at_once(who(sent), monkeypatch, article=make_article())
    assert Comment.objects.count() == taken
    assert len(refused) == sent - taken
    assert all(isinstance(error, PostRefused) and "wait a minute" in str(error) for error in refused), refused


def test_strangers_who_type_one_address_do_not_use_up_what_its_owner_may_send(monkeypatch):
    readers = [make_reader() for _ in range(8)]
    assert not sent_at_once(readers, monkeypatch, article=make_article(), email="known@example.org")
    assert Comment.objects.count() == 8
