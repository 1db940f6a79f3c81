"""Deploy checks: `manage.py check --deploy` says what a public installation still needs."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


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
    from urllib.parse import urlsplit

    from django.http.request import validate_host

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
