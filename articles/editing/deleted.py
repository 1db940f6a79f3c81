"""Stories that were deleted: their versions have stayed, and bring them back as drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Max
from django.shortcuts import get_object_or_404

from articles import workflow
from articles.editing.snapshot import opened, put
from articles.models import Article, StatusChange, Version
from articles.models.version import Kind

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet


def deleted() -> QuerySet[Version]:
    """The last version of each story that is no more, the newest first."""
    return Version.objects.last_of_the_deleted().select_related("made_by").order_by(F("made_at").desc(), "-pk")


def recover(story: int, by: User) -> Article:
    """Make a deleted story a draft again, under its old number and with its history. Raises Http404 where there is none."""
    if not by.has_perm(workflow.PUBLISH):
        raise PermissionDenied(f"{by} may not recover stories.")
    with transaction.atomic():
        versions = Version.objects.filter(story=story, article=None).select_related("text")
        last = get_object_or_404(versions.select_for_update(of=("self",)), pk=_newest(story))
        first = versions.order_by("number").first()
        article = Article(pk=story, created_by=first.made_by if first else None, version=last.number)
        # Its time has passed it by; a draft has none until it is published again.
        put(article, opened(last) | {"publish_at": None})
        for kept in (Version, StatusChange):
            kept.objects.filter(story=story).update(article=article)
        article.record(by, Kind.RESTORED, "Recovered after it had been deleted.")
    return article


def _newest(story: int) -> int | None:
    return Version.objects.filter(story=story, article=None).aggregate(last=Max("pk"))["last"]
