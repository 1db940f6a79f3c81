"""Sitemaps, as in sitemaps.org/protocol.html and Google's news sitemap documentation.

The index names one file a month, so that each stays small and only the newest ever changes much.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import Max
from django.db.models.functions import Coalesce, Greatest, TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from articles.models import Article, Section

NEWS_AGE = datetime.timedelta(days=2)
NEWS_LIMIT = 1000
MONTH_LIMIT = 50_000


def _xml(request: HttpRequest, template: str, context: dict) -> HttpResponse:
    return render(request, template, {"origin": settings.SITE_URL} | context, content_type="application/xml")


def _last_change() -> Greatest:
    """When readers last saw a change: publication or a real update, never a mere save."""
    return Greatest("publish_at", Coalesce("updated_at", "publish_at"))


def index(request: HttpRequest) -> HttpResponse:
    zone = timezone.get_default_timezone()
    months = (
        Article.objects.public()
        .annotate(month=TruncMonth("publish_at", tzinfo=zone))
        .values("month")
        .annotate(last_change=Max(_last_change()))
        .order_by("-month")
    )
    return _xml(request, "articles/sitemap_index.xml", {"months": months})


def month(request: HttpRequest, year: int, month: int) -> HttpResponse:
    try:
        first = datetime.datetime(year, month, 1, tzinfo=timezone.get_default_timezone())
        following = (first + datetime.timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError):
        raise Http404("There is no such month.") from None
    articles = (
        Article.objects.public()
        .filter(publish_at__gte=first, publish_at__lt=following)
        .annotate(last_change=_last_change())
        .only("slug", "published_on", "publish_at")
        .newest_first()[:MONTH_LIMIT]
    )
    if not articles:
        raise Http404("Nothing was published then.")
    return _xml(request, "articles/sitemap_month.xml", {"articles": articles})


def pages(request: HttpRequest) -> HttpResponse:
    urls = [reverse("front"), reverse("latest"), *(section.get_absolute_url() for section in Section.objects.all())]
    return _xml(request, "articles/sitemap_pages.xml", {"urls": urls})


def news(request: HttpRequest) -> HttpResponse:
    """The stories of the last two days, 1,000 at the most, as Google News asks for."""
    recent = Article.objects.public().filter(publish_at__gt=timezone.now() - NEWS_AGE)
    articles = recent.only("headline", "slug", "published_on", "publish_at").newest_first()[:NEWS_LIMIT]
    return _xml(request, "articles/sitemap_news.xml", {"articles": articles})
