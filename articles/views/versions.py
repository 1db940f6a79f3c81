"""What has changed in a story since readers first saw it, for readers: where the newsroom turns it on (`PUBLIC_VERSIONS`)."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from articles.editing.diff import changes
from articles.editing.snapshot import opened
from articles.http.numbers import number_in
from articles.models import Article, Version

PAGE_SIZE = 50
#: What readers see of a story. The rest (its address, an embargo, what the library calls a picture) is the newsroom's business.
READ = {"headline", "standfirst", "body", "kind", "bylines", "dateline", "section", "tags"}


def has_public_versions(article: Article) -> bool:
    """Only of stories that say that they have changed."""
    return settings.PUBLIC_VERSIONS and article.updated_at is not None


def versions_url(article: Article) -> str:
    return article.get_absolute_url() + "versions/" if has_public_versions(article) else ""


@require_safe
def versions(request: HttpRequest, year: int, month: int, day: int, slug: str) -> HttpResponse:
    article = _story(year, month, day, slug)
    found = _shown(article).only("number", "public_from")
    if before := number_in(request.GET.get("before", "")):
        found = found.filter(number__lt=before)
    page = list(found[: PAGE_SIZE + 1])
    context = {
        "article": article,
        "versions": page[:PAGE_SIZE],
        "older": page[PAGE_SIZE - 1].number if len(page) > PAGE_SIZE else None,
        "canonical_url": settings.SITE_URL + request.path,
    }
    return render(request, "articles/versions.html", context)


@require_safe
def version(request: HttpRequest, year: int, month: int, day: int, slug: str, number: int) -> HttpResponse:
    """What one version has changed against the one that readers saw before it."""
    article = _story(year, month, day, slug)
    shown = _shown(article).select_related("text")
    this = get_object_or_404(shown, number=number)
    before = shown.filter(number__lt=number).first()
    found = [change for change in changes(opened(before) if before else None, opened(this)) if change.name in READ]
    context = {
        "article": article,
        "version": this,
        "before": before,
        "changes": found,
        "canonical_url": settings.SITE_URL + reverse("story_versions", kwargs=_address(article)),
    }
    return render(request, "articles/version.html", context)


def _shown(article: Article):
    return Version.objects.of(article).public().filter(withheld_at=None)


def _story(year: int, month: int, day: int, slug: str) -> Article:
    try:
        address = {"published_on": datetime.date(year, month, day), "slug": slug}
    except ValueError:
        raise Http404("There is no such day.") from None
    article = get_object_or_404(
        Article.objects.public().select_related("section").defer("body", "body_html"), **address
    )
    if not has_public_versions(article):
        raise Http404("What this story was before is not shown.")
    return article


def _address(article: Article) -> dict[str, int | str]:
    day = article.published_on
    assert day is not None  # it is public
    return {"year": day.year, "month": day.month, "day": day.day, "slug": article.slug}
