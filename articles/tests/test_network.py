"""Which address is believed."""

import ipaddress

import pytest

from articles.http.network import address_of, network_of

PROXY = "10.0.0.1"


@pytest.fixture
def trusting(settings):
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("10.0.0.0/8")]


def request(rf, remote, forwarded=None):
    headers = {"x-forwarded-for": forwarded} if forwarded is not None else {}
    return rf.get("/", REMOTE_ADDR=remote, headers=headers)


def test_a_forged_header_is_ignored_where_no_proxy_is_trusted(rf):
    assert str(address_of(request(rf, "192.0.2.7", "203.0.113.1"))) == "192.0.2.7"


@pytest.mark.parametrize(
    ("remote", "forwarded", "believed"),
    [
        (PROXY, "203.0.113.1", "203.0.113.1"),
        (PROXY, "6.6.6.6, 203.0.113.1", "203.0.113.1"),
        (PROXY, "6.6.6.6, 203.0.113.1, 10.9.9.9", "203.0.113.1"),
        (PROXY, "2001:db8::1", "2001:db8::1"),
        (PROXY, "10.2.2.2", "10.2.2.2"),
        (PROXY, None, PROXY),
        (PROXY, "nonsense", PROXY),
        (PROXY, "6.6.6.6, nonsense", PROXY),
        ("192.0.2.7", "203.0.113.1", "192.0.2.7"),
    ],
)
def test_a_trusted_proxy_is_believed_as_far_as_it_has_written(rf, trusting, remote, forwarded, believed):
    assert str(address_of(request(rf, remote, forwarded))) == believed


def test_a_server_that_listens_on_both_kinds_knows_the_proxy_and_its_readers_all_the_same(rf, trusting):
    """Which writes 10.0.0.1 as ::ffff:10.0.0.1."""
    for forwarded in ("203.0.113.1", "::ffff:203.0.113.1"):
        asked = request(rf, f"::ffff:{PROXY}", forwarded)
        assert (str(address_of(asked)), network_of(asked)) == ("203.0.113.1", "203.0.113.1/32")
    assert str(address_of(request(rf, "::ffff:192.0.2.7", "203.0.113.1"))) == "192.0.2.7"
