"""What the settings say of themselves."""

from __future__ import annotations

from django.conf import settings
from django.core import checks

from newsportal.doctor.finding import Finding, fine, odd, wrong
from newsportal.staff import encryption

#: Django's word for DEBUG, which has a check of its own here.
OF_DEBUG = "security.W018"
EXPLAINED = "Django explains it under this number: https://docs.djangoproject.com/en/5.2/ref/checks/"


def debug() -> list[Finding]:
    if settings.DEBUG:
        return [
            wrong(
                "DEBUG is on: who makes a page break is shown the code and the settings.",
                "Take DEBUG out of the environment and restart.",
            )
        ]
    return [fine("DEBUG is off.")]


def deploy_checks() -> list[Finding]:
    """What `manage.py check --deploy` says."""
    found = []
    for message in checks.run_checks(include_deployment_checks=True):
        if message.level >= checks.WARNING and message.id != OF_DEBUG:
            say = wrong if message.level >= checks.ERROR else odd
            what = " ".join(str(message.msg).split())
            found.append(say(f"{what} ({message.id})", " ".join(str(message.hint or EXPLAINED).split())))
    return found or [fine("check --deploy finds nothing.")]


def old_keys() -> list[Finding]:
    """Whether somebody would be locked out without SECRET_KEY_FALLBACKS, or is already."""
    if not (count := encryption.with_a_fallback()):
        return [fine("All second factors are encrypted with SECRET_KEY.")]
    told = "1 second factor is" if count == 1 else f"{count} second factors are"
    return [
        odd(
            f"{told} encrypted with another key than SECRET_KEY, and open nothing once that is not in SECRET_KEY_FALLBACKS.",
            "Run manage.py reencrypt_second_factors while it is there.",
        )
    ]


def proxy() -> list[Finding]:
    """As far as it can be told from inside; the rest is seen by asking the site (newsportal.doctor.machines)."""
    is_behind = bool(settings.SECURE_PROXY_SSL_HEADER)
    if settings.TLS and not is_behind and settings.TRUSTED_PROXIES:
        return [
            wrong(
                "SITE_URL is https and TRUSTED_PROXIES names a proxy, but its X-Forwarded-Proto is not believed: every page "
                "redirects to itself.",
                "Set BEHIND_PROXY=true, and let the proxy overwrite X-Forwarded-Proto.",
            )
        ]
    if is_behind and not settings.TLS:
        return [
            odd(
                "BEHIND_PROXY is set and SITE_URL is http: readers are not protected on their way.",
                "Give the proxy a certificate and set SITE_URL=https://…",
            )
        ]
    if is_behind and not settings.TRUSTED_PROXIES:
        return [
            odd(
                "A proxy stands before the site and TRUSTED_PROXIES is empty: all readers seem to sit in one network.",
                "Set TRUSTED_PROXIES to the addresses of the proxy.",
            )
        ]
    return [fine("Behind a proxy that is named." if is_behind else "No proxy is believed.")]
