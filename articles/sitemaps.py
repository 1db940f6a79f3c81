"""Sitemaps, as in sitemaps.org/protocol.html and Google's documentation of news and image sitemaps.

The index names one file a month, or a few where there are many stories, so that each stays small and only the newest ever
changes much; and files of sections and pages, tags and contributors. A `lastmod` is a publication or a real update, and in the
index also a withdrawal: never a mere save.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import NamedTuple
from urllib.parse import urljoin

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from articles.caching import editions
from articles.lists import KINDS, ListKind
from articles.models import Article, Image, Section, SitemapMonth
from articles.models.sitemap_month import bounds
from articles.paging import just_before
from articles.pictures import renditions

NEWS_AGE = datetime.timedelta(days=2)
NEWS_LIMIT = 1000
#: The protocol allows 50,000 addresses and 50 MB: pictures and long slugs in other scripts would pass the second first.
FILE_LIMIT = 5_000

TOLD = ("slug", "published_on", "publish_at", "updated_at", "lead_image")

#: Lists that have files of their own, by what these are called. Sections, which are few, stand among the pages.
LISTS = {kind.folder: kind for kind in KINDS if kind.rows}


class File(NamedTuple):
    path: str
    lastmod: datetime.datetime | None = None


def _xml(request: HttpRequest, template: str, context: dict) -> HttpResponse:
    response = render(request, template, {"origin": settings.SITE_URL} | context, content_type="application/xml")
    editions.shows(response, editions.LISTS, editions.NEWEST, editions.CARDS)
    return response


# --- The index --------------------------------------------------------------------------------------------------------


def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    files = [File(reverse("sitemap_pages"))]
    for name, kind in LISTS.items():
        files += [File(reverse(f"sitemap_{name}", kwargs={"name": name, "part": part})) for part in _parts(kind, now)]
    files += _months(now)
    return _xml(request, "articles/sitemap_index.xml", {"files": files})


def _parts(kind: ListKind, now: datetime.datetime) -> list[int]:
    """The numbers of the files in which a tag or contributor has a story, in two queries."""
    last = kind.model.objects.aggregate(last=Max("pk"))["last"] or 0
    parts = range(1, -(-last // FILE_LIMIT) + 1)
    exist = {f"part_{part}": Exists(kind.listed(now).filter(**_numbered(kind.name, part))) for part in parts}
    found = kind.model.objects.order_by("pk").values(**exist).first() if exist else None
    return [part for part in parts if found and found[f"part_{part}"]]


def _numbered(name: str, part: int) -> dict[str, int]:
    return {f"{name}__gt": (part - 1) * FILE_LIMIT, f"{name}__lte": part * FILE_LIMIT}


def _months(now: datetime.datetime) -> list[File]:
    files = []
    for month in SitemapMonth.objects.filter(starts_at__lte=now):
        stories, latest_at = month.stories, month.latest_at
        if month.ends_at > now:
            # Only of the month that it is now have some stories appeared and others not: two looks into an index.
            stories -= Article.objects.scheduled(now).filter(publish_at__lt=month.ends_at).count()
            appeared = Article.objects.public(now).filter(publish_at__gte=month.starts_at)
            latest_at = appeared.newest_first().values_list("publish_at", flat=True).first()
        lastmod = max(filter(None, (latest_at, month.changed_at)), default=None)
        for part in range(1, -(-stories // FILE_LIMIT) + 1):
            place = [month.first.year, month.first.month, *([part] if part > 1 else [])]
            files.append(File(reverse("sitemap_month", args=place), lastmod))
    return files


# --- The files --------------------------------------------------------------------------------------------------------


def month(request: HttpRequest, year: int, month: int, part: int = 1) -> HttpResponse:
    """Oldest first, so that of a month in several files only the last one grows."""
    try:
        starts_at, ends_at = bounds(datetime.date(year, month, 1))
    except (ValueError, OverflowError):
        raise Http404("There is no such month.") from None
    # Of the pictures, what their addresses are made of.
    drawn = [f"lead_image__{name}" for name in renditions.SHOWN_BY]
    found = list(_of_month(starts_at, ends_at, part).select_related("lead_image").only(*TOLD, *drawn))
    if not found:
        raise Http404("Nothing was published then.")
    in_text: dict[int, list[Image]] = defaultdict(list)
    shown = Article.body_images.through.objects.filter(article__in=[article.pk for article in found])
    for use in shown.select_related("image").order_by("pk"):
        in_text[use.article_id].append(use.image)
    stories = []
    for article in found:
        images = dict.fromkeys([*([article.lead_image] if article.lead_image else []), *in_text[article.pk]])
        lastmod = max(filter(None, (article.publish_at, article.updated_at))).astimezone(starts_at.tzinfo).isoformat()
        stories.append((article.get_absolute_url(), lastmod, [_address(image) for image in images]))
    return _xml(request, "articles/sitemap_month.xml", {"stories": stories})


def _of_month(starts_at: datetime.datetime, ends_at: datetime.datetime, part: int) -> QuerySet[Article]:
    _check(part)
    # One bound at each end: given both the month's end and the present, a database may begin at the wrong one. An offset, but
    # never beyond the stories of a month.
    last = min(timezone.now(), just_before(ends_at))
    articles = Article.objects.public(last).filter(publish_at__gte=starts_at).order_by("publish_at", "pk")
    return articles.only(*TOLD)[(part - 1) * FILE_LIMIT : part * FILE_LIMIT]


def _check(part: int) -> None:
    # As many as a database can be asked about, and more than the archive of any newspaper has.
    if not 1 <= part <= 100_000:
        raise Http404("There is no such sitemap.")


def _address(image: Image) -> str:
    return urljoin(f"{settings.SITE_URL}/", renditions.sizes(image)[-1].url())


def lists(request: HttpRequest, name: str, part: int) -> HttpResponse:
    """The tags, or the contributors, of a range of numbers that have a public story; changed when it was published."""
    _check(part)
    kind = LISTS[name]
    newest = kind.listed(of=OuterRef("pk")).order_by("-publish_at")
    found = kind.model.objects.filter(**_numbered("pk", part)).annotate(
        lastmod=Subquery(newest.values("publish_at")[:1])
    )
    urls = [(thing.get_absolute_url(), thing.lastmod) for thing in found.filter(lastmod__isnull=False).order_by("pk")]
    if not urls:
        raise Http404("There is no such sitemap.")
    return _xml(request, "articles/sitemap_lists.xml", {"urls": urls})


def pages(request: HttpRequest) -> HttpResponse:
    """The front page, sections, and (the template asks the site for them) pages that are not stories."""
    newest = Article.objects.public().filter(section=OuterRef("pk")).newest_first().values("publish_at")[:1]
    sections = Section.objects.annotate(lastmod=Subquery(newest)).order_by(F("order"), "name")
    return _xml(request, "articles/sitemap_pages.xml", {"listed_sections": sections})


def news(request: HttpRequest) -> HttpResponse:
    """The stories of the last two days, 1,000 at the most, as Google News asks for; what was paid for is no news."""
    recent = (
        Article.objects.public().filter(publish_at__gt=timezone.now() - NEWS_AGE).exclude(kind=Article.Kind.SPONSORED)
    )
    articles = list(recent.only("headline", "slug", "published_on", "publish_at").newest_first()[:NEWS_LIMIT])
    if articles and (oldest := articles[-1].publish_at):
        editions.changes_at(oldest + NEWS_AGE)
    return _xml(request, "articles/sitemap_news.xml", {"articles": articles, "language": _news_language()})


def _news_language() -> str:
    """ISO 639 without a region, except for Chinese: Google tells its two scripts apart."""
    language, _, region = settings.LANGUAGE_CODE.lower().partition("-")
    if language == "zh":
        return "zh-tw" if region in {"hant", "tw", "hk", "mo"} else "zh-cn"
    return language
