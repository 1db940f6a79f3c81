"""Old versions that nobody will miss go; whatever readers ever saw stays, and so does whatever something hangs on.

So do private copies of what was typed and not saved, long after their writers have last typed there.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from articles.models import Article, Autosave, NextVersion, Presence, PreviewLink, SentForm, Text, Version

BATCH = 500
#: A private copy is kept for so long after the last word was typed, however young the versions are that may go.
UNSAVED_KEPT = datetime.timedelta(days=90)


def superseded(days: int, now: datetime.datetime | None = None):
    """Versions older than `days` that were never public, are not what a story is or will be, and are not linked to."""
    now = now or timezone.now()
    # What a next version was begun from was public, but where two clocks differ that may not be said of it (models.version.record).
    waiting = NextVersion.objects.filter(Q(version=OuterRef("pk")) | Q(version__parent=OuterRef("pk")))
    return (
        Version.objects.filter(made_at__lt=now - datetime.timedelta(days=days))
        .exclude(public_from__lte=now)
        .exclude(article__isnull=False, article__version=F("number"))
        .exclude(pk__in=Version.objects.last_of_the_deleted())
        .exclude(Exists(waiting))
        .exclude(Exists(PreviewLink.objects.filter(version=OuterRef("pk"))))
        .order_by("pk")
    )


def prune(days: int, progress: Callable[[int], object] = lambda count: None) -> int:
    """Delete them in small transactions, then the texts that no version has any more. Returns how many versions went."""
    total = 0
    while found := list(superseded(days).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            # Asked again: what has been linked to in the meantime stays.
            count, by_model = superseded(days).filter(pk__in=found).delete()
        progress(len(found))
        total += by_model.get("articles.Version", 0)
        if not count:
            break
    unused = Text.objects.filter(~Exists(Version.objects.filter(text=OuterRef("pk"))))
    while found := list(unused.values_list("pk", flat=True)[:BATCH]):
        unused.filter(pk__in=found).delete()
    Presence.objects.forget()
    return total


def left_unsaved(now: datetime.datetime | None = None):
    """Private copies to which nobody has come back within UNSAVED_KEPT."""
    return Autosave.objects.filter(saved_at__lt=(now or timezone.now()) - UNSAVED_KEPT).order_by("pk")


def prune_unsaved() -> int:
    """Delete them, and forget which form made which story once that is as old, or gone; returns how many copies went."""
    total = 0
    long_ago = timezone.now() - UNSAVED_KEPT
    young = Article.objects.filter(pk=OuterRef("story"), created_at__gte=long_ago)
    SentForm.objects.exclude(Exists(young)).delete()
    while found := list(left_unsaved().values_list("pk", flat=True)[:BATCH]):
        # Asked again: one that somebody types in at this moment stays.
        count, _ = left_unsaved().filter(pk__in=found).delete()
        total += count
    return total
