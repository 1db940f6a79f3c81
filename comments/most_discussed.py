"""What is discussed most: by the comments of the last days that readers can see."""

from __future__ import annotations

import datetime

from django.db.models import Count
from django.utils import timezone

from articles.models import RankedStory
from articles.models.ranked import KEPT
from comments.models import Comment

RANKING = "discussed"
DAYS = 7


def rank() -> None:
    """Make the list anew."""
    since = timezone.now() - datetime.timedelta(days=DAYS)
    # `listed` follows from being visible; said again, it lets the index of the site's feed serve.
    recent = Comment.objects.visible().filter(listed=True, published_at__gt=since)
    rows = recent.order_by().values("article").annotate(count=Count("pk")).order_by("-count", "-article")
    RankedStory.objects.replace(RANKING, list(rows.values_list("article", "count")[:KEPT]))
