"""Where a section, a tag or an author went whose address has changed: asked only when nothing stands there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from articles.caching import editions
from articles.models import Contributor, PreviousListSlug, Section, Tag

#: How the name of a route begins: what stands there, as far as readers may know of it, and its key.
LISTS: dict[str, tuple[Callable[[], QuerySet[Any]], Callable[[int], str]]] = {
    "section": (lambda: Section.objects.all(), editions.of_section),
    "tag": (lambda: Tag.objects.known_to_readers(), editions.of_tag),
    "contributor": (lambda: Contributor.objects.all(), editions.of_contributor),
}


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
    kind = str(match.url_name).partition("_")[0] if match else ""
    if match is None or kind not in LISTS:
        return None
    known, key = LISTS[kind]
    slug = match.kwargs["slug"]
    target = PreviousListSlug.objects.where_it_went(known().exclude(slug=slug), slug)
    if target is None:
        return None
    query = request.META.get("QUERY_STRING", "")
    url = reverse(match.view_name, kwargs=match.kwargs | {"slug": target.slug})
    response = HttpResponsePermanentRedirect(f"{url}?{query}" if query else url)
    editions.shows(response, editions.LISTS, key(target.pk))
    return response
