"""Pages that belong to no app: static pages, and what machines ask of a site."""

from __future__ import annotations

import errno
import logging
import posixpath
import sys

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.static import serve

from articles import body
from articles.caching import editions
from articles.models import Article, Image
from articles.snippets import DESCRIPTION_LENGTH
from newsportal import bare, unavailable
from newsportal.models import Page, WellKnownFile
from newsportal.staff.gate import is_at_desk
from newsportal.watching import request_id
from newsportal.well_known import RULES

logger = logging.getLogger(__name__)

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


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Pictures, for an installation without a web server in front. Names follow content, so they never change."""
    path = posixpath.normpath(path)
    extension = posixpath.splitext(path)[1]
    if not path.startswith(("pictures/", "renditions/", "share-cards/")) or extension not in MEDIA_TYPES:
        raise Http404("There is no such file.")
    try:
        response = serve(request, path, document_root=settings.MEDIA_ROOT)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise Http404("No file has such a name.") from error
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Type"] = MEDIA_TYPES[extension]
    response["Content-Disposition"] = "inline"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    # To nobody else is it said where the desk is.
    if is_at_desk(request) and admin.site.has_permission(request):
        context = {"desk": reverse("admin:index"), "written": bare.written_in(request)}
        return render(request, "404.html", context, status=404)
    latest = Article.objects.public().for_lists().newest_first()[:6]
    return render(request, "404.html", {"latest": latest}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """What a reader sees of an error of ours: the name by which it is found in the log, and nothing that needs the database."""
    name = request_id.current()
    try:
        # A database that is away before there is a view, such as while it is asked who this is: the middleware hears only of views.
        if response := unavailable.answer_to(request, sys.exception()):
            return response
        return bare.answer("500.html", 500, request_id=name)
    except Exception:
        # Such as where nobody has run collectstatic.
        logger.exception("The page for errors is broken, too.")
        response = HttpResponse(f"Something broke on our side. Request: {name}\n", "text/plain; charset=utf-8", 500)
    response["Cache-Control"] = "no-store"
    return response
