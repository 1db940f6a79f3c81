"""A story's page, and where its address leads when the story is no longer there."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from articles.bylines import bring_bylines
from articles.caching import editions
from articles.caching.pieces import Given
from articles.caching.prepared import Prepared
from articles.lists import TAG
from articles.models import Article, Correction, PreviousSlug
from articles.related import tags_and_related
from articles.views.versions import versions_url

_stories = Prepared(
    lambda published_on, slug: Article.objects.select_related("section", "lead_image")
    .defer("body")
    .filter(published_on=published_on, slug=slug),
    published_on=datetime.date, slug=str,
)  # fmt: skip
_corrections = Prepared(lambda article: Correction.objects.filter(article=article), article=int)


def story(request: HttpRequest, year: int, month: int, day: int, slug: str) -> HttpResponse:
    """A public story; 410 with its note for a withdrawn one; 301 from an address that a story once had; else 404."""
    try:
        address = {"published_on": datetime.date(year, month, day), "slug": slug}
    except ValueError:
        raise Http404("There is no such day.") from None
    found = _stories.rows(**address)
    if not found:
        return _moved(address)
    bring_bylines(found)
    article = found[0].instance
    if article.is_gone():
        latest = Article.objects.public().for_lists().newest_first()[:6]
        response = render(request, "articles/withdrawn.html", {"article": article, "latest": latest}, status=410)
        keys = editions.of_story(article.pk), editions.LISTS, editions.NEWEST, editions.CARDS, editions.COUNTS
        editions.shows(response, *keys)
        return response
    if not article.is_public():
        raise Http404("There is no such story.")
    context = story_context(article)
    response = render(request, "articles/story.html", with_given(context))
    cards = [editions.of_card(other.pk) for other in context["related"]]
    # Until it is worked out what goes with it, that is the newest of its tags.
    of_tags = [] if article.related_at else [TAG.edition(tag.pk) for tag in context["tags"]]
    editions.shows(response, editions.of_story(article.pk), *([editions.LISTS] if of_tags else []), *of_tags, *cards)
    return response


def story_context(article: Article) -> dict[str, Any]:
    """What a story page shows, for readers and for previews alike."""
    tags, related = tags_and_related(article)
    url = settings.SITE_URL + article.get_absolute_url()
    return {
        "article": article,
        "tags": tags,
        "related": related,
        "corrections": _corrections(article=article.pk),
        "versions_url": versions_url(article),
        "read_url": reverse("read", args=[article.pk]) if settings.COUNT_READS else "",
        "share_url": url,
        "canonical_url": url,
    }


def with_given(context: dict[str, Any]) -> dict[str, Any]:
    """The context of a story's page, with what its pieces are given."""
    return context | {"story": Given(**{name: context[name] for name in ("article", "tags", "corrections")})}


def _moved(address: dict[str, Any]) -> HttpResponsePermanentRedirect:
    previous = get_object_or_404(PreviousSlug.objects.select_related("article"), **address)
    if not (previous.article.is_public() or previous.article.is_gone()):
        raise Http404("There is no such story.")
    response = redirect(previous.article, permanent=True)
    editions.shows(response, editions.of_story(previous.article_id))
    return response
