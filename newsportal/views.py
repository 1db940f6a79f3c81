"""Pages that belong to no app: static pages, and what machines ask of a site."""

from __future__ import annotations

import posixpath

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.static import serve

from articles import body, editions
from articles.models import Article, Image
from articles.search_results import DESCRIPTION_LENGTH
from newsportal.models import Page, WellKnownFile
from newsportal.well_known import RULES

#: What the picture ingest and the share cards write, and nothing else.
MEDIA_TYPES = {".avif": "image/avif", ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


def page(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Page, slug=slug)
    images = Image.objects.in_bulk(body.image_ids(found.body))
    context = {
        "page": found,
        "content": mark_safe(body.render(found.body, images)),
        "meta_title": found.title,
        "description": body.first_sentences(found.body, DESCRIPTION_LENGTH),
        "canonical_url": settings.SITE_URL + found.get_absolute_url(),
    }
    response = render(request, "pages/page.html", context)
    editions.shows(response)
    return response


def well_known_file(request: HttpRequest, name: str) -> HttpResponse:
    """A file that machines ask for; 404 where there is nothing to say."""
    written = WellKnownFile.objects.filter(name=name).values_list("text", flat=True).first() or ""
    text = RULES[name].serve(written)
    if not text:
        raise Http404("There is nothing to say.")
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Liveness: the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Readiness: the database answers. The cache is left out: the site works without it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ready\n", content_type="text/plain")


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Pictures, for an installation without a web server in front. Names follow content, so they never change."""
    path = posixpath.normpath(path)
    extension = posixpath.splitext(path)[1]
    if not path.startswith(("pictures/", "renditions/", "share-cards/")) or extension not in MEDIA_TYPES:
        raise Http404("There is no such file.")
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Type"] = MEDIA_TYPES[extension]
    response["Content-Disposition"] = "inline"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    latest = Article.objects.public().for_lists().newest_first()[:6]
    return render(request, "404.html", {"latest": latest}, status=404)
