"""What is discussed most: by the comments of the last days that readers can see."""

from __future__ import annotations

import datetime

from django.db.models import BigIntegerField, Count, ExpressionWrapper, F, Q
from django.utils import timezone

from articles.clocks import lately
from articles.models import RankedStory
from articles.models.ranked import KEPT
from comments.models import Comment, Status

RANKING = "discussed"
DAYS = 7


def rank() -> None:
    """Make the list anew."""
    # `listed` follows from being visible; said again, it lets the index of the site's feed serve. SQLite would rather look up all
    # that was ever said, by status or story by story: so what is visible is counted and not chosen, and a story is a sum.
    of_these_days = lately("published_at", datetime.timedelta(days=DAYS), timezone.now())
    recent = Comment.objects.filter(of_these_days, listed=True)
    story = ExpressionWrapper(F("article") + 0, output_field=BigIntegerField())
    visible = Count("pk", filter=Q(status=Status.PUBLISHED))
    rows = (
        recent.order_by().values(story=story).annotate(count=visible).filter(count__gt=0).order_by("-count", "-story")
    )
    RankedStory.objects.replace(RANKING, list(rows.values_list("story", "count")[:KEPT]))
