from django.db import models


class Commenter(models.Model):
    """A reader who has commented, known by an address that nobody has proved to be theirs while `verified_at` is empty."""

    email = models.EmailField(unique=True, help_text="Never shown to readers.")
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"reader {self.pk}"
