from django.db import models


class ChangedFeed(models.Model):
    """A list whose feeds have changed, until the hub has been told (articles.websub)."""

    # An address, in which each letter of other scripts takes nine characters.
    place = models.TextField()
    # Changes of one list within the same few seconds are one.
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["due_at", "place"], name="changed_feed_is_unique"),
        ]

    def __str__(self) -> str:
        return self.place
