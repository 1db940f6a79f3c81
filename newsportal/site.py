"""Who we are: what every page says of the newspaper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from articles.models import Section
from newsportal.models import Page


@dataclass(frozen=True)
class Site:
    name: str
    tagline: str
    url: str
    email: str
    logo: str
    language: str


def current_site() -> Site:
    return Site(
        name=settings.SITE_NAME,
        tagline=settings.SITE_TAGLINE,
        url=settings.SITE_URL,
        email=settings.SITE_EMAIL,
        logo=settings.SITE_LOGO,
        language=settings.LANGUAGE_CODE.split("-")[0],
    )


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `site`, and lists that are asked for when a template first needs them."""
    return {
        "site": current_site(),
        "sections": SimpleLazyObject(lambda: list(Section.objects.all())),
        "site_pages": SimpleLazyObject(lambda: list(Page.objects.only("title", "slug"))),
        "mail_enabled": settings.MAIL_ENABLED,
        "LANGUAGE_CODE": settings.LANGUAGE_CODE,
    }
