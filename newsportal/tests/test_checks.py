"""`manage.py check --deploy` says what a public installation still needs."""

import ipaddress

import pytest

from newsportal.checks import (
    pictures_come_from_where_it_is_said,
    readers_have_networks_of_their_own,
    shared_caches_are_told_of_changes,
    who_publishes_has_a_second_factor,
)
from newsportal.tests.settings_file import read

KEYS = {"S3_BUCKET": "pics", "S3_ACCESS_KEY_ID": "k", "S3_SECRET_ACCESS_KEY": "s"}


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


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, []),
        ({"MEDIA_ORIGIN": "https://media.example.org"}, []),
        ({"MEDIA_ORIGIN": "http://media.example.org"}, ["newsportal.W006"]),
        ({"MEDIA_ORIGIN": "http://media.example.org", "SITE_URL": "http://news.example.org"}, []),
        (KEYS, []),
        (KEYS | {"MEDIA_ORIGIN": "https://media.example.org"}, ["newsportal.W005"]),
        (KEYS | {"MEDIA_ORIGIN": "https://media.example.org", "S3_CUSTOM_DOMAIN": "media.example.org"}, []),
        (KEYS | {"S3_ENDPOINT_URL": "http://minio:9000"}, ["newsportal.W006"]),
        (KEYS | {"S3_BUCKET": "my pictures"}, ["newsportal.E001"]),
    ],
)
def test_where_pictures_come_from_is_where_browsers_get_them(settings, variables, expected):
    told = read(**variables)
    settings.STORAGES = settings.STORAGES | {"default": told.STORAGES["default"]}
    settings.MEDIA_ORIGIN, settings.SITE_URL, settings.TLS = told.MEDIA_ORIGIN, told.SITE_URL, told.TLS
    assert [message.id for message in pictures_come_from_where_it_is_said(None)] == expected


def test_publishing_by_a_password_alone_is_warned_of(settings):
    settings.REQUIRE_SECOND_FACTOR = "publishers"
    assert who_publishes_has_a_second_factor(None) == []
    settings.REQUIRE_SECOND_FACTOR = "none"
    assert [warning.id for warning in who_publishes_has_a_second_factor(None)] == ["newsportal.W010"]
