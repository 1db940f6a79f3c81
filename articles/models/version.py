"""What a story was: whole, append-only snapshots of its content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from articles.models.article import Article

#: Raised whenever what `Version.content` holds changes; articles.editing.snapshot opens the older ones.
SCHEMA = 2


class Text(models.Model):
    """A body as it was stored; the same text is stored once, however many versions have it."""

    digest = models.CharField(max_length=64, unique=True)
    text = models.TextField()

    def __str__(self) -> str:
        return self.digest[:12]


class Kind(models.TextChoices):
    FIRST = "first", "First version"
    SAVED = "saved", "Saved"
    MERGED = "merged", "Saved, merged with another's changes"
    MOVED = "moved", "Moved"
    RESTORED = "restored", "Restored"
    UPDATED = "updated", "Updated"


class VersionQuerySet(models.QuerySet["Version"]):
    def of(self, article: Article) -> VersionQuerySet:
        return self.filter(story=article.pk)


class Version(models.Model):
    """A story's content after one save: who, when, why, and from which version it came. Never changed."""

    # The story may be deleted; what it was stays.
    article = models.ForeignKey(
        "articles.Article", null=True, on_delete=models.SET_NULL, related_name="versions", db_index=False
    )
    story = models.PositiveBigIntegerField("number of the story")
    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    was_public = models.BooleanField(default=False)
    schema = models.PositiveSmallIntegerField(default=SCHEMA)
    content = models.JSONField()
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="+")

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["story", "number"], name="version_number_is_unique")]
        indexes = [models.Index("article", name="version_article")]

    def __str__(self) -> str:
        return f"version {self.number}"

    @property
    def headline(self) -> str:
        return self.content.get("headline", "")


def store(text: str) -> Text:
    """The one row that holds this text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    stored, _ = Text.objects.get_or_create(digest=digest, defaults={"text": text})
    return stored


def record(
    article: Article, content: dict[str, Any], latest: Version | None, *, by: User | None, kind: str, reason: str = ""
) -> Version:
    """Keep the content that a story has now, as the version after `latest`, in the transaction that gave it that.

    `content` is what articles.editing.snapshot.take() says of the story, its body included.
    """
    content = dict(content)
    body = content.pop("body")
    with transaction.atomic():
        number = latest.number + 1 if latest else 1
        version = Version.objects.create(
            article=article, story=article.pk, number=number, parent=latest, kind=kind if latest else Kind.FIRST,
            reason=reason[:300], made_by=by, was_public=article.is_public(), content=content, text=store(body),
        )  # fmt: skip
        type(article)._default_manager.filter(pk=article.pk).update(version=number)
        article.version = number
    return version
