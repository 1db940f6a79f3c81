"""Lists of stories: the latest, a section's, a tag's, a contributor's, a day's; what was corrected, and what is read most."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.decorators import method_decorator
from django.views.generic import TemplateView

from articles import newsroom_time
from articles.bylines import bring_bylines
from articles.caching import editions
from articles.caching.prepared import Prepared
from articles.http.numbers import number_in
from articles.lists import CONTRIBUTOR, SECTION, TAG, ListKind
from articles.models import Article, Correction
from articles.paging import PAGE_SIZE, Listing, just_before
from articles.reads import most_read
from articles.views.moved import or_where_it_went


@method_decorator(or_where_it_went, name="dispatch")
class ArticleList(TemplateView):
    """A page of public stories, newest first. A subclass says which stories, and under which heading."""

    with_bylines = True

    listing = Listing(lambda: Article.objects.all())

    def get(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        stories = [story.pk for story in response.context_data["page"].items]  # type: ignore[attr-defined]
        cards, counts = map(editions.of_card, stories), map(editions.of_count, stories)
        editions.shows(response, editions.LISTS, self.edition(), *cards, *counts)
        return response

    def of(self) -> dict[str, int]:
        """What `listing` is given."""
        return {}

    def edition(self) -> str:
        """The key of which stories it has, and in which order."""
        return editions.NEWEST

    def period(self) -> tuple[datetime.datetime | None, datetime.datetime | None]:
        """The first and the last moment of the list."""
        return None, None

    def heading(self) -> dict[str, Any]:
        return {}

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs) | self.heading()
        since, until = self.period()
        page = self.listing.page(self.request.GET, since=since, until=until, **self.of())
        if self.with_bylines:
            bring_bylines(page.items)
        return context | {"page": page, "canonical_url": self._canonical_url()}

    def _canonical_url(self) -> str:
        # A page of a list is itself; whatever else stands in the query (utm_…) does not make another page.
        cursors = [f"{name}={self.request.GET[name]}" for name in ("before", "after") if self.request.GET.get(name)]
        return settings.SITE_URL + self.request.path + ("?" + "&".join(cursors[:1]) if cursors else "")


class LatestList(ArticleList):
    template_name = "articles/latest.html"

    def heading(self):
        return {"meta_title": "Latest", "description": f"The latest stories of {settings.SITE_NAME}."}


class ListOf(ArticleList):
    """The page of one list of a `kind`; `description`: what is said of what it is of, where nobody has written anything."""

    kind: ListKind
    subjects: Prepared
    description = ""

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        kind = cls.kind
        cls.template_name = f"articles/{kind.name}.html"
        cls.listing = Listing(kind.stories_of, key=kind.key, subject=int)
        cls.subjects = Prepared(lambda slug: kind.model.objects.filter(slug=slug), slug=str)

    def of(self):
        return {"subject": self.subject.pk}

    def edition(self):
        return self.kind.edition(self.subject.pk)

    def found(self, slug: str) -> Any:
        """What it is of; Http404 where there is nothing."""
        if not (found := self.subjects(slug=slug)):
            raise Http404("There is no such page.")
        return found[0]

    def heading(self):
        self.subject = self.found(self.kwargs["slug"])
        name = self.subject.name
        description = self.kind.said_of(self.subject) or self.description.format(name=name, site=settings.SITE_NAME)
        return {self.kind.name: self.subject, "meta_title": name, "description": description}

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if not (context["page"].items or self.kind.may_be_empty):
            raise Http404("Nothing has been published about this.")
        return context


class SectionList(ListOf):
    kind = SECTION
    description = "{name}: all stories of {site}."


class TagList(ListOf):
    kind = TAG
    description = "Stories about {name} in {site}."


class ContributorList(ListOf):
    kind = CONTRIBUTOR
    description = "Stories by {name} in {site}."
    with_bylines = False

    def found(self, slug):
        return get_object_or_404(self.kind.model.objects.select_related("photo").prefetch_related("links"), slug=slug)


#: The page of each kind.
PAGES = (SectionList, TagList, ContributorList)


def corrections(request: HttpRequest) -> HttpResponse:
    """What we got wrong, newest first, in stories that readers can still see."""
    public = Exists(Article.objects.public().filter(pk=OuterRef("article")))
    told = Correction.objects.filter(public).select_related("article__section")
    before = request.GET.get("before", "")
    if before:
        number = number_in(before)
        if not number or str(number) != before:
            raise Http404("There is no such page of corrections.")
        told = told.filter(pk__lt=number)
    found = list(told.order_by("-pk")[: PAGE_SIZE + 1])
    context = {
        "corrections": found[:PAGE_SIZE],
        "older": found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None,
        "meta_title": "Corrections",
        "description": f"What {settings.SITE_NAME} got wrong, and what is right.",
        "canonical_url": settings.SITE_URL + request.path + (f"?before={before}" if before else ""),
    }
    response = render(request, "articles/corrections.html", context)
    editions.shows(response, editions.LISTS, editions.NEWEST, editions.CARDS)
    return response


def most_read_lists(request: HttpRequest) -> HttpResponse:
    """What is read most, today and this week; there is no such page where reads are not counted."""
    if not settings.COUNT_READS:
        raise Http404("Reads are not counted here.")
    context = {
        "day": most_read.top(most_read.DAY, PAGE_SIZE),
        "week": most_read.top(most_read.WEEK, PAGE_SIZE),
        "meta_title": "Most read",
        "description": f"What readers of {settings.SITE_NAME} read and discuss most.",
        "canonical_url": settings.SITE_URL + request.path,
    }
    response = render(request, "articles/most_read.html", context)
    editions.shows(response, editions.LISTS, editions.NEWEST, editions.CARDS, editions.COUNTS)
    return response


class ArchiveList(ArticleList):
    """The stories of a year, a month or a day, as the newsroom's clock has it."""

    template_name = "articles/archive.html"

    def heading(self):
        year, month, day = (self.kwargs.get(part) for part in ("year", "month", "day"))
        try:
            self.first = datetime.date(year, month or 1, day or 1)
            if day:
                self.end = self.first + datetime.timedelta(days=1)
            elif month:
                self.end = (self.first + datetime.timedelta(days=31)).replace(day=1)
            else:
                self.end = self.first.replace(year=year + 1)
        except (ValueError, OverflowError):
            raise Http404("There is no such day.") from None
        title = f"{self.first:%-d %B %Y}" if day else f"{self.first:%B %Y}" if month else f"{year}"
        precision = "day" if day else "month" if month else "year"
        told = {"meta_title": title, "description": f"What {settings.SITE_NAME} published: {title}."}
        return {"title": title, "period": self.first, "precision": precision} | told

    def period(self):
        return newsroom_time.midnight(self.first), just_before(newsroom_time.midnight(self.end))

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if not context["page"].items:
            raise Http404("Nothing was published then.")
        return context
