"""Deploy checks: `manage.py check --deploy` says what a public installation still needs."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

#: For how many seconds readers may see an old page where no CDN is told of changes.
SHORT = 10


@register(Tags.security, deploy=True)
def site_has_a_name(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.SITE_NAME == "Newsportal":
        return [
            Warning(
                "SITE_NAME is still the default.",
                hint="Set SITE_NAME to the title of your newspaper.",
                id="newsportal.W001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def site_url_is_among_allowed_hosts(app_configs, **kwargs) -> list[CheckMessage]:
    host = urlsplit(settings.SITE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        return [
            Warning(
                f"SITE_URL's host, {host}, is not in ALLOWED_HOSTS.",
                hint="Readers would get 400.",
                id="newsportal.W002",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def readers_have_networks_of_their_own(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.SECURE_PROXY_SSL_HEADER and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "BEHIND_PROXY is set and TRUSTED_PROXIES is not: all readers seem to sit in one network.",
                hint="Name the proxy's address in TRUSTED_PROXIES; limits would be theirs together.",
                id="newsportal.W003",
            )
        ]
    return []


@register(Tags.caches, deploy=True)
def shared_caches_are_told_of_changes(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.SHARED_CACHE_SECONDS > SHORT and settings.PURGE == "none":
        return [
            Warning(
                f"SHARED_CACHE_SECONDS is {settings.SHARED_CACHE_SECONDS} and PURGE is not set: readers see for so long what was "
                "changed or withdrawn.",
                hint=f"Name the CDN in PURGE, or set SHARED_CACHE_SECONDS to {SHORT} or less.",
                id="newsportal.W004",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def pictures_come_from_where_it_is_said(app_configs, **kwargs) -> list[CheckMessage]:
    # Imported here: this is loaded while apps are.
    from newsportal.security import pictures_from

    try:
        (origin,) = pictures_from() or [settings.SITE_URL]
    except ImproperlyConfigured as problem:
        return [Error(str(problem), hint="Readers would get no page at all.", id="newsportal.E001")]
    if settings.MEDIA_ORIGIN not in {"", origin}:
        return [
            Warning(
                f"MEDIA_ORIGIN is {settings.MEDIA_ORIGIN}, and pictures have addresses at {origin}.",
                hint="Where there is an S3_BUCKET, S3_CUSTOM_DOMAIN is their host: set that, and leave MEDIA_ORIGIN out.",
                id="newsportal.W005",
            )
        ]
    if settings.TLS and not origin.startswith("https://"):
        return [
            Warning(
                f"Pictures have addresses at {origin}, and SITE_URL is https: browsers ask for them over TLS, or not at all.",
                hint="Give MEDIA_ORIGIN or S3_ENDPOINT_URL with https, or set S3_CUSTOM_DOMAIN.",
                id="newsportal.W006",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def who_publishes_has_a_second_factor(app_configs, **kwargs) -> list[CheckMessage]:
    if settings.REQUIRE_SECOND_FACTOR == "none":
        return [
            Warning(
                "REQUIRE_SECOND_FACTOR is none: one password that is found out is enough to publish.",
                hint="Set REQUIRE_SECOND_FACTOR=publishers.",
                id="newsportal.W010",
            )
        ]
    return []
