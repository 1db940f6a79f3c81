from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from articles.models.article import Article


class OfStoriesQuerySet(models.QuerySet[Any]):
    def homeless(self) -> Self:
        """Those of stories that have not been saved once, or have been deleted."""
        return self.exclude(models.Exists(Article.objects.filter(pk=models.OuterRef("story"))))


class Autosave(models.Model):
    """What somebody has typed into one opened form and not saved: theirs alone, and nothing that readers ever see."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # A number and no link: the story may be deleted, and what was typed stays. None: it has not been saved once.
    story = models.PositiveBigIntegerField("number of the story", null=True)
    # Which form: two tabs do not overwrite each other.
    slot = models.CharField(max_length=32, default="")
    # The form as the browser sends it: names with lists of values.
    data = models.JSONField()
    # When it was typed, in milliseconds of the browser's clock: compared with others of the same form alone.
    typed_at = models.PositiveBigIntegerField(default=0)
    saved_at = models.DateTimeField(auto_now=True)

    objects = OfStoriesQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "story", "slot"], name="autosave_is_one_a_form"),
            models.UniqueConstraint(
                fields=["user", "slot"],
                condition=models.Q(story__isnull=True),
                name="autosave_of_a_new_story_is_one_a_form",
            ),
        ]

    def __str__(self) -> str:
        return f"unsaved text of {timezone.localtime(self.saved_at):%-d %b %Y, %H:%M}"

    @property
    def headline(self) -> str:
        return " ".join((self.data.get("headline") or [""])[0].split())


class SentForm(models.Model):
    """Which opened form has made which story: sent twice, it makes one."""

    # Nothing here holds back a version of the site that does not know this table, and deletes a user or a story.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    # A number and no link: the story may be deleted, and then what was typed may make another one.
    story = models.PositiveBigIntegerField("number of the story")
    slot = models.CharField(max_length=32)

    objects = OfStoriesQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "slot"], name="sent_form_makes_one_story")]

    def __str__(self) -> str:
        return self.slot
