from django.conf import settings
from django.db import models
from django.utils import timezone

from articles.workflow import Status


class StatusChange(models.Model):
    """One move of a story: who made it, when, from where to where, and why. Append-only."""

    # The story may be deleted; what was done with it stays, and is there again when it is recovered.
    article = models.ForeignKey("articles.Article", null=True, on_delete=models.SET_NULL, related_name="status_changes")
    story = models.PositiveBigIntegerField("number of the story", db_index=True)
    from_status = models.CharField(max_length=10, choices=Status)
    to_status = models.CharField(max_length=10, choices=Status)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        if self.from_status == self.to_status:
            return "Scheduled → Published"  # ahead of its time: no other move leaves a status as it is
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"
