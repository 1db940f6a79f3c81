"""Who we are: what every page says of the newspaper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import SimpleLazyObject, cached_property

from articles.models import Section
from articles.prepared import Prepared
from newsportal.models import Page

#: Pages that say by which rules we work, by their address, in the words of https://schema.org/NewsMediaOrganization.
POLICIES = {
    "corrections": "correctionsPolicy",
    "ethics": "ethicsPolicy",
    "principles": "publishingPrinciples",
    "ownership": "ownershipFundingInfo",
    "masthead": "masthead",
    "diversity": "diversityPolicy",
    "mission": "missionCoveragePrioritiesPolicy",
    "fact-checking": "verificationFactCheckingPolicy",
    "sources": "unnamedSourcesPolicy",
    "feedback": "actionableFeedbackPolicy",
}


_sections = Prepared(lambda: Section.objects.values_list("pk", "name", "slug", "colour"))
_pages = Prepared(lambda: Page.objects.values_list("title", "slug"))


class SectionLink(NamedTuple):
    """A section as every page shows it."""

    pk: int
    name: str
    slug: str
    colour: str

    def get_absolute_url(self) -> str:
        return reverse("section", args=[self.slug])


class PageLink(NamedTuple):
    title: str
    slug: str

    def get_absolute_url(self) -> str:
        return reverse("page", args=[self.slug])


@dataclass(frozen=True)
class Site:
    name: str
    tagline: str
    url: str
    email: str
    logo: str
    language: str
    locale: str
    x_account: str
    pages: Iterable[PageLink] = field(default=(), compare=False, repr=False)

    @cached_property
    def organisation(self) -> dict[str, Any]:
        """The publisher, for structured data (https://schema.org/NewsMediaOrganization), with the policies that there are."""
        told = {
            "@type": "NewsMediaOrganization",
            "@id": f"{self.url}/#organization",
            "name": self.name,
            "url": f"{self.url}/",
            "logo": {"@type": "ImageObject", "url": f"{self.url}{static(self.logo)}"},
        }
        if self.tagline:
            told["slogan"] = self.tagline
        if self.email:
            told["email"] = self.email
        if self.x_account:
            told["sameAs"] = [f"https://x.com/{self.x_account.removeprefix('@')}"]
        for page in self.pages:
            if name := POLICIES.get(page.slug):
                told[name] = f"{self.url}{page.get_absolute_url()}"
        # The list of what we got wrong is a page of every newspaper; its policy may be one, too.
        told.setdefault("correctionsPolicy", f"{self.url}{reverse('corrections')}")
        return told


def current_site(pages: Iterable[PageLink] = ()) -> Site:
    language, _, country = settings.LANGUAGE_CODE.partition("-")
    return Site(
        name=settings.SITE_NAME,
        tagline=settings.SITE_TAGLINE,
        url=settings.SITE_URL,
        email=settings.SITE_EMAIL,
        logo=settings.SITE_LOGO,
        language=language,
        locale=f"{language}_{country.upper()}" if len(country) == 2 else language,
        x_account=settings.SITE_X_ACCOUNT,
        pages=pages,
    )


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `site`, and lists that are asked for when a template first needs them."""
    pages = SimpleLazyObject(lambda: tuple(PageLink(*row) for row in _pages()))
    return {
        "site": current_site(pages),
        "sections": SimpleLazyObject(lambda: tuple(SectionLink(*row) for row in _sections())),
        "site_pages": pages,
        "count_reads": settings.COUNT_READS,
        "mail_enabled": settings.MAIL_ENABLED,
        "LANGUAGE_CODE": settings.LANGUAGE_CODE,
    }
