"""Pages that belong to no app: static pages, and what machines ask of a site."""

from __future__ import annotations

import datetime
import posixpath

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.static import serve

from articles import body
from articles.models import Article, Image
from newsportal.models import Page

# The record that the specification prescribes for a site without sellers; an empty file would mean "not said".
ADS_TXT = """\
# Nobody sells advertising on this site but its own newsroom.
placeholder.example.com, placeholder, DIRECT, placeholder
"""


def page(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Page, slug=slug)
    images = Image.objects.in_bulk(body.image_ids(found.body))
    context = {
        "page": found,
        "content": mark_safe(body.render(found.body, images)),
        "canonical_url": settings.SITE_URL + found.get_absolute_url(),
    }
    return render(request, "pages/page.html", context)


def robots(request: HttpRequest) -> HttpResponse:
    return render(request, "robots.txt", {"origin": settings.SITE_URL}, content_type="text/plain; charset=utf-8")


def ads(request: HttpRequest) -> HttpResponse:
    """IAB ads.txt: a line that authorises nobody is how a site says that it sells through nobody."""
    return HttpResponse(ADS_TXT, content_type="text/plain; charset=utf-8")


def security(request: HttpRequest) -> HttpResponse:
    """RFC 9116. Without an address to write to there is nothing to say."""
    if not settings.SITE_EMAIL:
        raise Http404("No contact is configured.")
    # Always half a year ahead: the address is read from the running configuration, so it is as fresh as the answer.
    expires = (timezone.now() + datetime.timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = {
        "Contact": f"mailto:{settings.SITE_EMAIL}",
        "Expires": expires.isoformat().replace("+00:00", "Z"),
        "Canonical": f"{settings.SITE_URL}/.well-known/security.txt",
    }
    text = "".join(f"{name}: {value}\n" for name, value in lines.items())
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
    if not path.startswith(("pictures/", "renditions/")):
        raise Http404("There is no such file.")
    response = serve(request, path, document_root=settings.MEDIA_ROOT)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    latest = Article.objects.public().for_lists().newest_first()[:6]
    return render(request, "404.html", {"latest": latest}, status=404)
