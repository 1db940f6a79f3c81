from __future__ import annotations

from collections.abc import Iterable

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


class DecisionQuerySet(models.QuerySet["Decision"]):
    def by_people(self) -> DecisionQuerySet:
        """What moderators have made of comments, oldest first; to let one stand that is published is no change."""
        return self.filter(made_as=Actor.MODERATOR).exclude(to_status=models.F("from_status")).order_by("pk")


def in_force(decisions: Iterable[Decision]) -> Decision | None:
    """Of what people have decided of one comment, oldest first: the last that nobody has taken back."""
    standing: list[Decision] = []
    for decision in decisions:
        if decision.is_undo:
            del standing[-1:]
        else:
            standing.append(decision)
    return standing[-1] if standing else None


class Decision(models.Model):
    """One change of a comment's status: who, when, from where to where, why. Append-only, exactly one row a change.

    Where a moderator lets stand what is published, both are the same.
    """

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
    # Whether it takes back the one before it, and with it what that one counted for.
    is_undo = models.BooleanField(default=False, db_default=False)
    # Whether the author is to be told of it, with the reason.
    inform = models.BooleanField(default=False)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        if self.from_status == self.to_status:
            return "Let stand"
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"

    @property
    def who(self) -> str:
        return str(self.made_by) if self.made_by else self.get_made_as_display()
