"""`manage.py check --deploy` says what a public installation still needs."""

import ipaddress

from newsportal.checks import (
    readers_have_networks_of_their_own,
    shared_caches_are_told_of_changes,
    who_publishes_has_a_second_factor,
)


def test_a_proxy_that_is_not_trusted_makes_all_readers_one_network(settings):
    assert readers_have_networks_of_their_own(None) == []
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert [warning.id for warning in readers_have_networks_of_their_own(None)] == ["newsportal.W003"]
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1")]
    assert readers_have_networks_of_their_own(None) == []


def test_pages_that_are_shared_for_long_without_a_cdn_that_is_told_are_warned_of(settings):
    assert shared_caches_are_told_of_changes(None) == []
    settings.SHARED_CACHE_SECONDS = 10
    assert shared_caches_are_told_of_changes(None) == []
    settings.SHARED_CACHE_SECONDS = 11
    assert [warning.id for warning in shared_caches_are_told_of_changes(None)] == ["newsportal.W004"]
    settings.PURGE = "varnish"
    assert shared_caches_are_told_of_changes(None) == []


def test_publishing_by_a_password_alone_is_warned_of(settings):
    settings.REQUIRE_SECOND_FACTOR = "publishers"
    assert who_publishes_has_a_second_factor(None) == []
    settings.REQUIRE_SECOND_FACTOR = "none"
    assert [warning.id for warning in who_publishes_has_a_second_factor(None)] == ["newsportal.W010"]
