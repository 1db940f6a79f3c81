"""Counts that are kept beside what they count, counted again: what has drifted, and how far."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import models, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from articles.models import Article
from comments.models import Comment, Commenter, Flag, Like, Status

BATCH = 1_000


def _count(rows: models.QuerySet, by: str) -> Coalesce:
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0))


#: What is kept → how it is counted, for the rows of one batch.
COUNTS: dict[str, tuple[type[models.Model], str, Callable[[], Coalesce]]] = {
    "comments of stories": (
        Article, "comment_count", lambda: _count(Comment.objects.visible(), "article"),
    ),
    "likes": (Comment, "likes", lambda: _count(Like.objects.all(), "comment")),
    "open reports": (
        Comment, "open_flags", lambda: _count(Flag.objects.filter(outcome=Flag.Outcome.OPEN), "comment"),
    ),
    "approved comments of guests": (
        Commenter, "published_count",
        lambda: _count(Comment.objects.filter(counted_as=Status.PUBLISHED), "commenter"),
    ),
    "rejected comments of guests": (
        Commenter, "rejected_count",
        lambda: _count(Comment.objects.filter(counted_as=Status.REJECTED), "commenter"),
    ),
}  # fmt: skip


def recount(*, fix: bool, progress: Callable[[int], None] = lambda rows: None) -> dict[str, int]:
    """How many rows of each kept count are wrong; with `fix` they are put right, a batch in a transaction."""
    drift = {}
    for name, (model, kept, counted) in COUNTS.items():
        drift[name] = 0
        for rows in _batches(model):
            with transaction.atomic():
                wrong = rows.annotate(counted=counted()).exclude(**{kept: F("counted")})
                found = list(wrong.values_list("pk", "counted"))
                drift[name] += len(found)
                for pk, count in found if fix else ():
                    model._default_manager.filter(pk=pk).update(**{kept: count})
            progress(BATCH)
    drift["replies and places in threads"] = _recount_threads(fix=fix, progress=progress)
    return drift


def _recount_threads(*, fix: bool, progress: Callable[[int], None]) -> int:
    """Replies are counted at every depth: a thread at a time, since what is listed hangs on what is below."""
    wrong = 0
    for roots in _batches(Comment, root__isnull=True):
        for root in roots.values_list("pk", flat=True):
            with transaction.atomic():
                wrong += _recount_thread(root, fix=fix)
        progress(BATCH)
    return wrong


def _recount_thread(root: int, *, fix: bool) -> int:
    fields = ("pk", "ancestors", "status", "visible_replies", "listed")
    comments = {c.pk: c for c in Comment.objects.filter(Q(pk=root) | Q(root=root)).only(*fields).order_by("pk")}
    visible = dict.fromkeys(comments, 0)
    for comment in comments.values():
        if comment.is_visible:
            for above in comment.ancestors:
                visible[above] += 1
    wrong = 0
    for pk, comment in comments.items():
        listed = comment.is_visible or visible[pk] > 0
        if (comment.visible_replies, comment.listed) != (visible[pk], listed):
            wrong += 1
            if fix:
                Comment.objects.filter(pk=pk).update(visible_replies=visible[pk], listed=listed)
    return wrong


def _batches(model: type[models.Model], **which) -> Iterator[models.QuerySet]:
    """All rows by their numbers, BATCH at a time: nothing is read twice however long it takes."""
    rows, after = model._default_manager.filter(**which), 0
    while pks := list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield model._default_manager.filter(pk__in=pks)
        after = pks[-1]
