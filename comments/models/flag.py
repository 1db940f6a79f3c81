from django.conf import settings
from django.db import models
from django.utils import timezone

from comments.models.comment import Comment
from comments.models.commenter import Commenter


class Flag(models.Model):
    """A reader's report of a comment: one per person and comment."""

    class Why(models.TextChoices):
        ABUSE = "abuse", "It insults or threatens"
        HATE = "hate", "It is hateful against a group"
        SPAM = "spam", "It advertises"
        PRIVACY = "privacy", "It tells private things of someone"
        FALSE = "false", "It is knowingly false"
        OTHER = "other", "Something else"

    class Outcome(models.TextChoices):
        OPEN = "open", "Open"
        UPHELD = "upheld", "The comment was turned away"
        DISMISSED = "dismissed", "The comment stayed"
        MOOT = "moot", "Its author deleted the comment"

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="flags")
    # Who counts as one person: a proved guest or staff, else everyone from one network. A keyed hash.
    person = models.CharField(max_length=32)
    # The line that it came from, a keyed hash: many addresses of one reader are many guests, and its networks many strangers.
    network = models.CharField(max_length=32, blank=True)
    commenter = models.ForeignKey(Commenter, null=True, on_delete=models.SET_NULL, related_name="flags")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    why = models.CharField(max_length=10, choices=Why)
    words = models.CharField(max_length=500, blank=True)
    weight = models.FloatField(default=0.5)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["comment", "person"], name="flag_once_a_person")]
        indexes = [models.Index("person", "created_at", name="flag_rate")]

    def __str__(self) -> str:
        return self.get_why_display()


class Like(models.Model):
    """One per browser and comment, which is all it says: a person may have several browsers."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="likings")
    person = models.CharField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["comment", "person"], name="like_once_a_browser")]

    def __str__(self) -> str:
        return f"like {self.pk}"
