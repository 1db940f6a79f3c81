from django.conf import settings
from django.db import models
from django.utils import timezone


class Correction(models.Model):
    """What was wrong in a story, told to its readers. Made by `Article.correct()`."""

    class Kind(models.TextChoices):
        CORRECTION = "correction", "Correction"
        RETRACTION = "retraction", "Retraction"

    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="corrections")
    text = models.TextField(help_text="What was wrong, and what is right. Readers see this under the story.")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CORRECTION)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["made_at", "pk"]

    def __str__(self) -> str:
        return self.text[:80]
