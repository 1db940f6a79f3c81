"""Where a comment stands: its place among the replies, who is listed, and the counts that lists show.

Called by `decide` in the transaction that changes a status; nobody else writes `listed`, `place` or a count.
"""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from articles.models import Article
from comments.models import Comment, Status

#: Which comments are listed: the visible, and the place of one that is not while visible replies hang on it.
LISTED = Q(status=Status.PUBLISHED) | Q(visible_replies__gt=0)


def make_room(comment: Comment) -> dict[str, Any]:
    """Count a comment that becomes visible, and keep the place of everything above it; the fields that it gets by this."""
    is_first_time = comment.published_at is None
    if comment.ancestors:
        steps = ("visible_replies", "places") if is_first_time else ("visible_replies",)
        above = Comment.objects.filter(pk__in=comment.ancestors)  # the update locks them until the transaction's end
        above.update(listed=True, **{name: F(name) + 1 for name in steps})
    Article.objects.filter(pk=comment.article_id).update(comment_count=F("comment_count") + 1)
    fields: dict[str, Any] = {"listed": True}
    if is_first_time:
        fields["published_at"] = timezone.now()
        if comment.root_id:
            fields["place"] = Comment.objects.values_list("places", flat=True).get(pk=comment.root_id)
    for name, value in fields.items():
        setattr(comment, name, value)
    return fields


def appear(comment: Comment) -> None:
    """It has become visible."""
    Comment.objects.filter(pk=comment.pk).update(**make_room(comment))


def disappear(comment: Comment) -> None:
    """It is visible no more: it leaves the list, unless visible replies hang on it; so may those above it."""
    if comment.ancestors:
        above = Comment.objects.filter(pk__in=comment.ancestors)
        above.update(visible_replies=F("visible_replies") - 1)
        above.exclude(LISTED).update(listed=False)
    Comment.objects.filter(pk=comment.pk).exclude(LISTED).update(listed=False)
    Article.objects.filter(pk=comment.article_id).update(comment_count=F("comment_count") - 1)
    comment.listed = Comment.objects.filter(pk=comment.pk, listed=True).exists()
