"""The page of search, and what browsers read to offer it beside their address bar."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from articles.search.face import Found, find
from articles.search.forms import SearchForm


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Any input gives a page. Kept nowhere, since what people look for is their own, and listed by no other search engine."""
    form = SearchForm(request.GET)
    found = Found()
    if form.is_valid() and form.query:
        before, after = request.GET.get("before", ""), request.GET.get("after", "")
        found = find(form.query, form.scope(), sort=form.cleaned_data["sort"], before=before, after=after)
    context = {
        "form": form,
        "found": found,
        "feed_url": f"{reverse('search_feed')}{form.address()}" if found.results else "",
        "older_url": form.address(before=found.before) if found.before else "",
        "newer_url": form.address(after=found.after) if found.after else "",
        "suggestion_url": form.address(q=found.suggestion) if found.suggestion else "",
    }
    response = render(request, "articles/search.html", context)
    patch_cache_control(response, no_store=True)
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def opensearch(request: HttpRequest) -> HttpResponse:
    """An OpenSearch 1.1 description. A short name has 16 characters at the most."""
    context = {"origin": settings.SITE_URL, "short_name": settings.SITE_NAME[:16]}
    return render(
        request, "articles/opensearch.xml", context, content_type="application/opensearchdescription+xml; charset=utf-8"
    )
