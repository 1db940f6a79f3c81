"""Who we are: what every page says of the newspaper."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import SimpleLazyObject, cached_property

from articles.caching import editions, planned
from articles.caching.pieces import Given
from articles.caching.prepared import Prepared
from articles.models import Section
from newsportal.models import Page
from newsportal.page_cache.counters import Unreadable, counters
from newsportal.page_cache.wrapper import SITE_NUMBER

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


class Around:
    """What stands around every page: the sections and the pages that there are. And the same for pieces of pages, which need not
    look at it again and again.
    """  # fmt: skip

    #: Whether it stays for the next page.
    is_known = False

    @cached_property
    def sections(self) -> tuple[SectionLink, ...]:
        return tuple(SectionLink(*row) for row in _sections())

    @cached_property
    def pages(self) -> tuple[PageLink, ...]:
        return tuple(PageLink(*row) for row in _pages())

    @cached_property
    def of_sections(self) -> Given:
        return Given(sections=self.sections)

    @cached_property
    def of_pages(self) -> Given:
        return Given(site_pages=self.pages)


#: What was read under which number of the SITE.
_known: dict[int, Around] = {}


def around(request: HttpRequest) -> Around:
    number = number_of(request)
    if number is None:
        return Around()
    if (found := _known.get(number)) is None:
        found = Around()
        found.is_known = True
        _known.clear()
        _known[number] = found
    return found


def number_of(request: HttpRequest) -> int | None:
    """How often the SITE had been touched before any of it is read; None where that cannot be told."""
    if connection.in_atomic_block:
        return None  # what this transaction has written is there, and the number not yet
    told = vars(request)
    if "site_number" not in told:
        told["site_number"] = _read_number(request)
    return told["site_number"]


def _read_number(request: HttpRequest) -> int | None:
    known = request.META.get(SITE_NUMBER)
    if known is not None or "replica" in connections:
        return known
    try:
        return counters().read((editions.SITE,))[0]
    except Unreadable:
        return None


def remember_what_is_planned(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware around all that reads: what is planned need not be asked again by who only reads (articles.caching.planned)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return get_response(request)
        with planned.under(lambda: number_of(request)):
            return get_response(request)

    return middleware


def forget() -> None:
    """For tests, whose numbers begin anew."""
    _known.clear()
    planned.forget()


def context(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `site`, and what is asked for when a template first needs it, or is at hand already."""
    around_it: Any
    pages: Any
    if "site_number" in vars(request) and (found := around(request)).is_known:
        around_it, pages = found, found.pages
    else:
        around_it = SimpleLazyObject(lambda: around(request))
        pages = SimpleLazyObject(lambda: around_it.pages)
    return {
        "site": current_site(pages),
        "around": around_it,
        "count_reads": settings.COUNT_READS,
        "mail_enabled": settings.MAIL_ENABLED,
        "LANGUAGE_CODE": settings.LANGUAGE_CODE,
    }
