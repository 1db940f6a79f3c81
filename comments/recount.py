"""Counts that are kept beside what they count, counted again: what has drifted, and how far."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from articles.models import Article
from comments import thread
from comments.models import Comment, Commenter, Flag, Like, Status

BATCH = 1_000


def _count(rows: models.QuerySet, by: str) -> Coalesce:
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0))


OPEN = Flag.objects.filter(outcome=Flag.Outcome.OPEN)

#: What is kept → how it is counted, for the rows of one batch.
COUNTS: dict[str, tuple[type[models.Model], str, Callable[[], Coalesce | Exists]]] = {
    "comments of stories": (
        Article, "comment_count", lambda: _count(Comment.objects.visible(), "article"),
    ),
    "likes": (Comment, "likes", lambda: _count(Like.objects.all(), "comment")),
    "open reports": (Comment, "open_flags", lambda: _count(OPEN, "comment")),
    "whether there are open reports": (Comment, "reported", lambda: Exists(OPEN.filter(comment=OuterRef("pk")))),
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
    """How many rows of each kept count are wrong; with `fix` they are put right, a batch in a transaction.

    Others may write meanwhile: what they count is neither lost nor counted twice.
    """
    drift = {}
    for name, (model, kept, counted) in COUNTS.items():
        drift[name] = 0
        for rows in _batches(model):
            drift[name] += _recount_rows(rows, kept, counted, fix=fix)
            progress(BATCH)
    drift["replies and places in threads"] = _recount_threads(fix=fix, progress=progress)
    return drift


def _recount_rows(rows: models.QuerySet, kept: str, counted: Callable[[], Coalesce | Exists], *, fix: bool) -> int:
    def wrong_of(rows: models.QuerySet) -> models.QuerySet:
        return rows.annotate(counted=counted()).exclude(**{kept: F("counted")})

    wrong = list(wrong_of(rows).values_list("pk", flat=True))
    if not (wrong and fix):
        return len(wrong)
    with transaction.atomic():
        # Locked by one statement and counted by the next, which sees what those have written who were waited for.
        found = rows.model._default_manager.filter(pk__in=wrong)
        thread.lock_rows(found)
        return wrong_of(found).update(**{kept: counted()})


def _recount_threads(*, fix: bool, progress: Callable[[int], None]) -> int:
    """Replies are counted at every depth: a thread at a time, since what is listed hangs on what is below."""
    wrong = 0
    for roots in _batches(Comment, root__isnull=True):
        for root in roots.only("ancestors"):
            wrong += _recount_thread(root, fix=fix)
        progress(BATCH)
    return wrong


def _recount_thread(root: Comment, *, fix: bool) -> int:
    wrong = _drift_in_thread(root)
    if not (wrong and fix):
        return len(wrong)
    with transaction.atomic():
        # Whoever shows or hides anything in a thread has its root first.
        thread.lock(root)
        wrong = _drift_in_thread(root)
        for pk, right in wrong.items():
            Comment.objects.filter(pk=pk).update(**right)
    return len(wrong)


def _drift_in_thread(root: Comment) -> dict[int, dict[str, int | bool]]:
    """The comments whose fields are wrong, and what is right."""
    fields = ("pk", "ancestors", "status", "visible_replies", "listed", "place", "places")
    comments = {c.pk: c for c in Comment.objects.filter(Q(pk=root.pk) | Q(root=root)).only(*fields).order_by("pk")}
    visible = dict.fromkeys(comments, 0)
    for comment in comments.values():
        if comment.is_visible:
            for above in comment.ancestors:
                visible[above] += 1
    wrong = {}
    for pk, comment in comments.items():
        right: dict[str, int | bool] = {
            "visible_replies": visible[pk],
            "listed": comment.is_visible or visible[pk] > 0,
        }
        if pk == root.pk:
            # The place of the next is the one after it: two at one place, and a page would leave one out.
            right["places"] = max((reply.place or 0 for reply in comments.values()), default=0)
        if any(getattr(comment, name) != value for name, value in right.items()):
            wrong[pk] = right
    return wrong


def _batches(model: type[models.Model], **which) -> Iterator[models.QuerySet]:
    """All rows by their numbers, BATCH at a time: nothing is read twice however long it takes."""
    rows, after = model._default_manager.filter(**which), 0
    while pks := list(rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        yield model._default_manager.filter(pk__in=pks)
        after = pks[-1]
