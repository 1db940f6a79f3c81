from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from comments import text
from comments.models.commenter import Commenter
from comments.models.status import Status

if TYPE_CHECKING:
    from articles.models import Article

MIN_LENGTH, MAX_LENGTH, MAX_NAME_LENGTH = 2, 5_000, 60


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible(self) -> CommentQuerySet:
        """What every reader sees."""
        return self.filter(status=Status.PUBLISHED)

    def on(self, article: Article) -> CommentQuerySet:
        return self.filter(article=article)


class Comment(models.Model):
    """What a reader says under a story. `decide()` alone writes its status."""

    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="comments")
    commenter = models.ForeignKey(Commenter, on_delete=models.PROTECT, related_name="comments")
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    body = models.TextField()
    body_html = models.TextField(editable=False)
    # Of the cleaned text. The same person saying the same under the same story is one comment, however often it is sent.
    body_hash = models.CharField(max_length=64, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, editable=False)
    findings = models.JSONField(default=list, editable=False, help_text="Why it waits, in the words of the checks.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        permissions = [("moderate_comment", "Can approve and reject comments")]
        constraints = [
            models.UniqueConstraint(fields=["article", "commenter", "body_hash"], name="comment_is_said_once"),
        ]
        indexes = [
            models.Index("article", "status", "id", name="comment_thread"),
            models.Index("status", "created_at", "id", name="comment_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.body[:60]}"

    def save(self, *args, **kwargs):
        self.body_html = text.to_html(self.body)
        self.body_hash = hash_of(self.body)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return f"{self.article.get_absolute_url()}#comment-{self.pk}"


def hash_of(body: str) -> str:
    return hashlib.sha256(" ".join(body.split()).encode()).hexdigest()
