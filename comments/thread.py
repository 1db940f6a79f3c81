"""Where a comment stands: its place among the replies, who is listed, and the counts that lists show.

Called by `decide` in the transaction that changes a status; nobody else writes `listed`, `place` or a count.
"""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from articles.models import Article
from comments.models import Comment, Status


def appear(comment: Comment) -> None:
    """It has become visible: list it, and keep the place of everything above it."""
    first_time = comment.published_at is None
    changes: dict = {"listed": True}
    if first_time:
        changes["published_at"] = comment.published_at = timezone.now()
        if comment.root_id:
            changes["place"] = comment.place = _next_place(comment.root_id)
    Comment.objects.filter(pk=comment.pk).update(**changes)
    comment.listed = True
    if comment.ancestors:
        Comment.objects.filter(pk__in=comment.ancestors).update(visible_replies=F("visible_replies") + 1, listed=True)
    Article.objects.filter(pk=comment.article_id).update(comment_count=F("comment_count") + 1)


def disappear(comment: Comment) -> None:
    """It is visible no more: it leaves the list, unless visible replies hang on it; so may those above it."""
    if comment.ancestors:
        above = Comment.objects.filter(pk__in=comment.ancestors)
        above.update(visible_replies=F("visible_replies") - 1)
        above.filter(visible_replies=0).exclude(status=Status.PUBLISHED).update(listed=False)
    Comment.objects.filter(pk=comment.pk, visible_replies=0).update(listed=False)
    Article.objects.filter(pk=comment.article_id).update(comment_count=F("comment_count") - 1)
    comment.listed = Comment.objects.filter(pk=comment.pk, listed=True).exists()


def _next_place(root: int) -> int:
    Comment.objects.filter(pk=root).update(places=F("places") + 1)  # locks the root until the transaction's end
    return Comment.objects.values_list("places", flat=True).get(pk=root)
