from django.db import models


class ChangedFeed(models.Model):
    """A list whose feeds have changed, until the hub has been told (articles.websub)."""

    place = models.CharField(max_length=200)
    # Changes of one list within the same few seconds are one.
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["due_at", "place"], name="changed_feed_is_unique"),
        ]

    def __str__(self) -> str:
        return self.place
