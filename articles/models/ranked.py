"""Short lists that are made now and then and stored: what is read most, what is discussed most."""

from __future__ import annotations

import datetime

from django.db import models, transaction
from django.utils import timezone

from articles.caching import editions

#: A list that nobody has made anew for so long says nothing of now, and is not shown.
STALE = datetime.timedelta(hours=6)
#: As many are kept: more than any page shows, so that a withdrawn story leaves no hole.
KEPT = 30


class RankedStoryQuerySet(models.QuerySet["RankedStory"]):
    def replace(self, ranking: str, stories: list[tuple[int, int]]) -> None:
        """Store the list of this name anew: (number of the story, what it was ranked by), the first first."""
        now = timezone.now()
        # The first one of all plans something, its own end: that is seen on all pages (newsportal.page_cache.schedule).
        is_planned = self.model._default_manager.filter(made_at__gt=now - STALE).exists()
        keys = [editions.COUNTS] if is_planned or not stories else [editions.COUNTS, editions.SITE]
        with transaction.atomic(), editions.touching(*keys):
            self.filter(ranking=ranking).delete()
            self.bulk_create(
                self.model(ranking=ranking, place=place, article_id=pk, count=count, made_at=now)
                for place, (pk, count) in enumerate(stories[:KEPT], start=1)
            )


class RankedStory(models.Model):
    """A place in one of the lists. Pages read them through articles.reads.most_read.top(), which leaves out what is not public."""

    ranking = models.CharField(max_length=20)
    place = models.PositiveSmallIntegerField()
    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="+")
    count = models.PositiveIntegerField()
    made_at = models.DateTimeField()

    objects = RankedStoryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ranking", "place"], name="ranked_place_is_unique"),
            models.UniqueConstraint(fields=["ranking", "article"], name="ranked_story_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.ranking} {self.place}"
