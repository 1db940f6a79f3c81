"""Where a section, a tag or an author went whose address has changed: asked only when nothing stands there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from articles.caching import editions
from articles.lists import BY_NAME
from articles.models import PreviousListSlug


def or_where_it_went(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For a list and its feeds: 301 from a slug that it once had, with the query; else 404 as before."""

    @wraps(view)
    def found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Http404:
            if moved := _moved(request):
                return moved
            raise

    return found


def _moved(request: HttpRequest) -> HttpResponsePermanentRedirect | None:
    match = request.resolver_match
    # The routes of its feeds begin as that of its page.
    kind = BY_NAME.get(str(match.url_name).partition("_")[0]) if match else None
    if match is None or kind is None:
        return None
    slug = match.kwargs["slug"]
    target = PreviousListSlug.objects.where_it_went(kind.known().exclude(slug=slug), slug)
    if target is None:
        return None
    query = request.META.get("QUERY_STRING", "")
    url = reverse(match.view_name, kwargs=match.kwargs | {"slug": target.slug})
    response = HttpResponsePermanentRedirect(f"{url}?{query}" if query else url)
    editions.shows(response, editions.LISTS, kind.edition(target.pk))
    return response
