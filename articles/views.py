"""The reader's side. Every list starts from `Article.objects.public()`, built anew for each request."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db.models import FilteredRelation, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.generic import TemplateView

from articles import front_page
from articles.models import Article, Contributor, Correction, PreviousSlug, Section, Tag
from articles.models.article import ArticleQuerySet
from articles.paging import PAGE_SIZE, page_of
from articles.related import tags_and_related
from articles.sharing import share_links


def front(request: HttpRequest) -> HttpResponse:
    context = vars(front_page.compose()) | {"canonical_url": f"{settings.SITE_URL}/"}
    return render(request, "articles/front.html", context)


class ArticleList(TemplateView):
    """A page of public stories, newest first. A subclass says which of them, and under which heading."""

    key = ("publish_at", "pk")
    with_bylines = True

    def articles(self) -> ArticleQuerySet:
        return Article.objects.public()

    def heading(self) -> dict[str, Any]:
        return {}

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs) | self.heading()
        page = page_of(self.articles().for_lists(bylines=self.with_bylines), self.request.GET, key=self.key)
        return context | {"page": page, "canonical_url": self._canonical_url()}

    def _canonical_url(self) -> str:
        # A page of a list is itself; whatever else stands in the query (utm_…) does not make another page.
        cursors = [f"{name}={self.request.GET[name]}" for name in ("before", "after") if self.request.GET.get(name)]
        return settings.SITE_URL + self.request.path + ("?" + "&".join(cursors[:1]) if cursors else "")


class LatestList(ArticleList):
    template_name = "articles/latest.html"


class SectionList(ArticleList):
    template_name = "articles/section.html"

    def heading(self):
        self.section = get_object_or_404(Section, slug=self.kwargs["slug"])
        return {"section": self.section}

    @staticmethod
    def stories_of(section: Section) -> ArticleQuerySet:
        return Article.objects.public().filter(section=section)

    def articles(self):
        return self.stories_of(self.section)


class TagList(ArticleList):
    template_name = "articles/tag.html"
    key = ("listing__publish_at", "listing__content_object")

    def heading(self):
        self.tag = get_object_or_404(Tag, slug=self.kwargs["slug"])
        return {"tag": self.tag}

    @staticmethod
    def stories_of(tag: Tag) -> ArticleQuerySet:
        # A filtered relation, so that the cursor's bounds fall on the same join, whose index serves order and range.
        return Article.objects.public().annotate(listing=FilteredRelation("tagged", condition=Q(tagged__tag=tag)))

    def articles(self):
        return self.stories_of(self.tag)


class ContributorList(ArticleList):
    template_name = "articles/contributor.html"
    key = ("listing__publish_at", "listing__article")
    with_bylines = False

    def heading(self):
        contributors = Contributor.objects.select_related("photo").prefetch_related("links")
        self.contributor = get_object_or_404(contributors, slug=self.kwargs["slug"])
        return {"contributor": self.contributor}

    @staticmethod
    def stories_of(contributor: Contributor) -> ArticleQuerySet:
        listing = FilteredRelation("bylines", condition=Q(bylines__contributor=contributor))
        return Article.objects.public().annotate(listing=listing)

    def articles(self):
        return self.stories_of(self.contributor)


def corrections(request: HttpRequest) -> HttpResponse:
    """What we got wrong, newest first, in stories that readers can still see."""
    told = Correction.objects.filter(article__in=Article.objects.public()).select_related("article__section")
    before = request.GET.get("before", "")
    if before:
        if not (before.isascii() and before.isdigit() and len(before) < 19):
            raise Http404("There is no such page of corrections.")
        told = told.filter(pk__lt=before)
    found = list(told.order_by("-pk")[: PAGE_SIZE + 1])
    context = {
        "corrections": found[:PAGE_SIZE],
        "older": found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None,
        "canonical_url": settings.SITE_URL + request.path + (f"?before={before}" if before else ""),
    }
    return render(request, "articles/corrections.html", context)


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
        return {"title": title, "period": self.first, "precision": "day" if day else "month" if month else "year"}

    def articles(self):
        return super().articles().filter(publish_at__gte=_midnight(self.first), publish_at__lt=_midnight(self.end))

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if not context["page"].items:
            raise Http404("Nothing was published then.")
        return context


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), timezone.get_default_timezone())


def story(request: HttpRequest, year: int, month: int, day: int, slug: str) -> HttpResponse:
    """A public story; 410 with its note for a withdrawn one; 301 from an address that a story once had; else 404."""
    try:
        address = {"published_on": datetime.date(year, month, day), "slug": slug}
    except ValueError:
        raise Http404("There is no such day.") from None
    article = Article.objects.with_surroundings().defer("body").filter(**address).first()
    if article is None:
        return _moved(address)
    if article.is_gone():
        latest = Article.objects.public().for_lists().newest_first()[:6]
        return render(request, "articles/withdrawn.html", {"article": article, "latest": latest}, status=410)
    if not article.is_public():
        raise Http404("There is no such story.")
    return render(request, "articles/story.html", story_context(article))


def story_context(article: Article) -> dict[str, Any]:
    """What a story page shows, for readers and for previews alike."""
    tags, related = tags_and_related(article)
    url = settings.SITE_URL + article.get_absolute_url()
    return {
        "article": article,
        "tags": tags,
        "related": related,
        "corrections": article.corrections.all(),
        "share": share_links(url=url, title=article.headline),
        "canonical_url": url,
    }


def _moved(address: dict[str, Any]) -> HttpResponsePermanentRedirect:
    previous = get_object_or_404(PreviousSlug.objects.select_related("article"), **address)
    if not (previous.article.is_public() or previous.article.is_gone()):
        raise Http404("There is no such story.")
    return redirect(previous.article, permanent=True)
