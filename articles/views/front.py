"""The front page, and the picture that stands for the site."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from articles import front_page
from articles.caching import editions
from articles.pictures import share_card
from articles.share_cards import site_card

DAY = 24 * 3600


def front(request: HttpRequest) -> HttpResponse:
    context = vars(front_page.compose()) | {"canonical_url": f"{settings.SITE_URL}/"}
    response = render(request, "articles/front.html", context)
    editions.shows(response, editions.LISTS, editions.NEWEST, editions.CARDS, editions.COUNTS)
    return response


def site_card_image(request: HttpRequest, key: str) -> HttpResponse:
    """The card of pages that are not stories. Its address changes with what it shows, so it may be kept for ever."""
    card = site_card()
    if key != card.key:
        return redirect("site_card", card.key)
    content = cache.get_or_set(card.name, lambda: share_card.render(card), DAY)
    response = HttpResponse(content, content_type=share_card.MEDIA_TYPE)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
