from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models


class Term(models.Model):
    """A word or phrase, found however it is disguised."""

    class Action(models.TextChoices):
        HOLD = "hold", "Hold for a moderator"
        REJECT = "reject", "Reject"

    phrase = models.CharField(
        max_length=120, unique=True, help_text="A word or phrase; case and accents do not matter."
    )
    whole_words = models.BooleanField(
        default=True, help_text="Off: also inside other words, which catches more than is meant."
    )
    action = models.CharField(max_length=10, choices=Action, default=Action.HOLD)
    note = models.CharField(
        max_length=300, blank=True, help_text="Why it is here. Moderators see it beside what it caught."
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["phrase"]

    def __str__(self) -> str:
        return self.phrase

    def clean(self):
        self.phrase = " ".join(self.phrase.split())
        if len(self.phrase) < 2:
            raise ValidationError({"phrase": "Please give at least two characters."})


class WordCount(models.Model):
    """How often the classifier has met a word in what was published and in what was turned away. The empty word counts comments."""

    word = models.CharField(max_length=40, unique=True)
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.word
