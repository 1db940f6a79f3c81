"""What is kept of a network."""

import pytest

from articles.tests.factories import make_article
from comments.models import Comment
from comments.network import network_hash


def request(rf, remote):
    return rf.get("/", REMOTE_ADDR=remote)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::8", True),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
    ],
)
def test_a_network_is_an_address_or_a_64(rf, one, other, same):
    assert (network_hash(request(rf, one)) == network_hash(request(rf, other))) is same


def test_an_unreadable_address_is_no_network(rf):
    assert network_hash(request(rf, "")) == network_hash(request(rf, "unix:")) == ""


def test_the_hash_does_not_give_the_address_away_without_the_key(rf, settings):
    before = network_hash(request(rf, "192.0.2.7"))
    settings.PRIVACY_KEY = "another key"
    assert network_hash(request(rf, "192.0.2.7")) != before


@pytest.mark.django_db
def test_no_address_is_stored(client):
    article = make_article()
    words = {"name": "A", "email": "a@example.org", "body": "Hello there."}
    client.post(
        f"/comments/post/{article.pk}/", words, REMOTE_ADDR="192.0.2.77", headers={"sec-fetch-site": "same-origin"}
    )
    row = Comment.objects.values().get()
    assert "192.0.2.77" not in str(row)
    assert len(row["network"]) == 32
