"""The next version of a live story: kept, previewed and talked about while readers see the one before."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from articles.models.correction import Correction
from articles.models.version import Version

if TYPE_CHECKING:
    from articles.models.article import Article


class NextVersionQuerySet(models.QuerySet["NextVersion"]):
    def due(self, now: datetime.datetime | None = None) -> NextVersionQuerySet:
        """Those whose time has come. Nothing is joined: this is asked with every page."""
        return self.filter(due_at__lte=now or timezone.now())

    def waiting_for(self, article: Article) -> NextVersion | None:
        """The one that waits for this story, with its text and that of the version that it was begun from."""
        found = self.select_related("version__text", "version__parent__text", "kept_by").filter(article=article).first()
        if found:
            found.article = article
        return found


class NextVersion(models.Model):
    """A version that takes the place of what readers see: at its own time, or when somebody says so.

    Its `version.parent` is the version that its editor began from: what has been saved since is merged in when it goes live.
    """

    class PublishAs(models.TextChoices):
        UPDATE = "update", "an update"
        CORRECTION = Correction.Kind.CORRECTION.value, "a correction"
        RETRACTION = Correction.Kind.RETRACTION.value, "a retraction"

    article = models.OneToOneField("articles.Article", on_delete=models.CASCADE, related_name="next_version")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    # None: when somebody says so.
    due_at = models.DateTimeField("goes live at", null=True)
    publish_as = models.CharField(max_length=10, choices=PublishAs, blank=True)
    correction = models.TextField(blank=True)
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    kept_at = models.DateTimeField(auto_now=True)
    # Why it has not gone live at its time.
    refusal = models.TextField(blank=True)

    objects = NextVersionQuerySet.as_manager()

    class Meta:
        indexes = [
            # Asked with every page: it holds the few that wait for a time, and nothing else.
            models.Index("due_at", name="next_version_due", condition=models.Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"next version of “{self.article}”"
