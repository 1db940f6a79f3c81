"""The picture library as the editor's picker asks for it."""

from __future__ import annotations

from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from articles import search
from articles.http.numbers import number_in
from articles.models import Image

PAGE_SIZE = 24


@staff_member_required
@never_cache
@require_safe
def pictures(request: HttpRequest) -> JsonResponse:
    """`?q=` words, `?before=` the number to go on from, or `?id=` one picture. Newest first.

    Returns {"pictures": [{"id", "title", "alt", "caption", "url"}], "next": number or null, "add": address of the form for a new
    one, in a window of its own; "" for who may add none}.
    """
    if not request.user.has_perm("articles.view_image"):
        raise PermissionDenied
    may_add = request.user.has_perm("articles.add_image")
    found = Image.objects.order_by("-pk")
    if number := number_in(request.GET.get("id", "")):
        found = found.filter(pk=number)
    if before := number_in(request.GET.get("before", "")):
        found = found.filter(pk__lt=before)
    if words := request.GET.get("q", "").strip():
        found = search.among_pictures(found, words, PAGE_SIZE + 1)
    page = list(found[: PAGE_SIZE + 1])
    shown = page[:PAGE_SIZE]
    return JsonResponse(
        {
            "pictures": [
                {"id": i.pk, "title": i.title, "alt": i.alt, "caption": i.caption, "url": i.thumbnail_url()}
                for i in shown
            ],
            "next": shown[-1].pk if len(page) > PAGE_SIZE else None,
            "add": f"{reverse('admin:articles_image_add')}?{IS_POPUP_VAR}=1" if may_add else "",
        }
    )
