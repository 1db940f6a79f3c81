"""What a preview link opens. Never kept by anybody, never found by a search engine."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from articles.editing.next_version import with_live
from articles.editing.preview import as_story
from articles.editing.snapshot import Snapshot, opened, tags_in, take
from articles.models import Article, NextVersion, PreviewLink
from articles.views.story import story_context, with_given


@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """The story for who has the link; all links that open nothing are answered alike."""
    link = PreviewLink.objects.opened_by(token)
    if link is None:
        return guarded(render(request, "articles/preview_over.html", status=404))
    if request.method == "GET":
        link.note_opening()
    return show(request, link.article, _shown_by(link))


def _shown_by(link: PreviewLink) -> Snapshot:
    if link.version:
        return opened(link.version)
    if link.follows_next and (waiting := NextVersion.objects.waiting_for(link.article)):
        return with_live(waiting).result
    return take(link.article)


def show(request: HttpRequest, article: Article, snapshot: Snapshot) -> HttpResponse:
    """A page of a story that is not public in this form."""
    return guarded(render(request, "articles/story.html", preview_context(article, snapshot)))


def guarded(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    # The address is the key: no link on the page may take it along.
    response["Referrer-Policy"] = "no-referrer"
    patch_cache_control(response, no_store=True, private=True)
    return response


def preview_context(article: Article, snapshot: Snapshot) -> dict[str, Any]:
    """For templates/articles/story.html."""
    shown = as_story(article, snapshot)
    context = story_context(shown)
    tags = sorted(tags_in(snapshot)[0], key=str)
    return with_given(context | {"tags": tags, "canonical_url": "", "preview": True})
