from django.conf import settings
from django.db import models
from django.utils import timezone

from comments.models.comment import Comment
from comments.models.status import Status


class Reason(models.TextChoices):
    ABUSE = "abuse", "Abusive or hateful"
    OFF_TOPIC = "off_topic", "Off topic"
    LIBEL = "libel", "May be libellous"
    PRIVACY = "privacy", "Private information"
    SPAM = "spam", "Advertising or spam"
    OTHER = "other", "Another reason"


class Actor(models.TextChoices):
    MODERATOR = "moderator", "a moderator"
    SYSTEM = "system", "the system"
    AUTHOR = "author", "its author"


class Batch(models.Model):
    """What a moderator did with one press: undone as one."""

    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index("made_by", models.F("id").desc(), name="batch_last")]

    def __str__(self) -> str:
        return f"batch {self.pk}"


class Decision(models.Model):
    """One change of a comment's status: who, when, from where to where, why. Append-only, exactly one row a change."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="decisions")
    revision = models.PositiveIntegerField()
    from_status = models.CharField(max_length=10, choices=Status)
    to_status = models.CharField(max_length=10, choices=Status)
    made_as = models.CharField(max_length=10, choices=Actor, default=Actor.SYSTEM)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=10, choices=Reason, blank=True)
    note = models.TextField(blank=True)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.SET_NULL, related_name="decisions")
    # Whether the author is to be told of it, with the reason.
    inform = models.BooleanField(default=False)

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"

    @property
    def who(self) -> str:
        return str(self.made_by) if self.made_by else self.get_made_as_display()
