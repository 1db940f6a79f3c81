"""Where a comment stands: its place among the replies, who is listed, and the counts that lists show.

Called by `decide` in the transaction that changes a status; nobody else writes `listed`, `place` or a count.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from articles.caching import editions
from articles.models import Article
from comments.models import Comment, Status

#: Which comments are listed: the visible, and the place of one that is not while visible replies hang on it.
LISTED = Q(status=Status.PUBLISHED) | Q(visible_replies__gt=0)


def moved(count: str, step: int) -> Greatest:
    """A stored count, `step` further, and never below 0: one that has drifted would else refuse what it only counts."""
    return Greatest(F(count) + step, 0)


def lock(comment: Comment, *others: int) -> dict[int, Comment]:
    """Take the rows of a comment, of all above it and of these numbers, for this transaction, as they are by now.

    Always from the top of the thread down, whoever changes which of them: so nobody waits in a ring (PostgreSQL's
    deadlock). On SQLite a transaction has the whole database to itself. The rows hold `status`, `places` and `visible_replies`.
    """
    numbers = {comment.pk, *comment.ancestors, *others} - {None}
    rows = Comment.objects.select_for_update(no_key=True).filter(pk__in=numbers).order_by("pk")
    return {row.pk: row for row in rows.only("article", "status", "places", "visible_replies")}


def lock_rows(rows: QuerySet) -> None:
    """Take rows of any table for this transaction, in the same order: an UPDATE of several takes them as it comes upon them."""
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def make_room(comment: Comment, locked: dict[int, Comment]) -> dict[str, Any]:
    """Count a comment that becomes visible, and keep the place of everything above it; the fields that it gets by this."""
    is_first_time = comment.published_at is None
    if comment.ancestors:
        steps = ("visible_replies", "places") if is_first_time else ("visible_replies",)
        above = Comment.objects.filter(pk__in=comment.ancestors)
        above.update(listed=True, **{name: F(name) + 1 for name in steps})
    _count(comment, 1)
    fields: dict[str, Any] = {"listed": True}
    if is_first_time:
        fields["published_at"] = timezone.now()
        if comment.root_id:
            fields["place"] = locked[comment.root_id].places + 1
    for name, value in fields.items():
        setattr(comment, name, value)
    return fields


def _count(comment: Comment, step: int) -> None:
    story = comment.article_id
    with editions.touching(editions.of_story(story), editions.of_count(story), editions.COUNTS):
        Article.objects.filter(pk=comment.article_id).update(comment_count=moved("comment_count", step))


def appear(comment: Comment, locked: dict[int, Comment]) -> None:
    """It has become visible; `locked` is what `lock` has taken."""
    Comment.objects.filter(pk=comment.pk).update(**make_room(comment, locked))


def disappear(comment: Comment) -> None:
    """It is visible no more: it leaves the list, unless visible replies hang on it; so may those above it."""
    if comment.ancestors:
        above = Comment.objects.filter(pk__in=comment.ancestors)
        above.update(visible_replies=moved("visible_replies", -1))
        above.exclude(LISTED).update(listed=False)
    Comment.objects.filter(pk=comment.pk).exclude(LISTED).update(listed=False)
    _count(comment, -1)
    comment.listed = Comment.objects.filter(pk=comment.pk, listed=True).exists()
