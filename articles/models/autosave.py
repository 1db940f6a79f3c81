from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from articles.models.article import Article

if TYPE_CHECKING:
    from django.contrib.auth.models import User

#: So many are kept of one person: each opened form that was left unsaved within 90 days. Whoever leaves more is told.
MANY = 200


class OfStoriesQuerySet(models.QuerySet[Any]):
    def homeless(self) -> Self:
        """Those of stories that have not been saved once, or have been deleted."""
        return self.exclude(models.Exists(Article.objects.filter(pk=models.OuterRef("story"))))


class AutosaveQuerySet(OfStoriesQuerySet):
    def of(self, user: User, article: Article | None) -> Self:
        """What this person has typed into a story, or into what is none; the newest first."""
        mine = self.filter(user=user)
        return mine.filter(story=article.pk) if article else mine.homeless()

    def of_form(self, user: User, slot: str, story: int | None) -> Autosave | None:
        mine = self.filter(user=user, slot=slot)
        # A form filled with the copy of a deleted story goes on in it.
        return mine.filter(story=story).first() if story else mine.homeless().order_by("story").first()

    def has_no_room(self, user: User, slot: str, story: int | None) -> bool:
        """Whether another form of this person would be one too many."""
        return self.filter(user=user).count() >= MANY and self.of_form(user, slot, story) is None

    def keep(self, user: User, slot: str, story: int | None, data: dict[str, list[str]], typed_at: int) -> Autosave:
        """Of one form the newest stays, whatever arrives last; of one person the newest MANY. Returns which row it is."""
        kept = self.of_form(user, slot, story)
        if kept is None:
            kept, is_new = self.get_or_create(
                user=user, story=story, slot=slot, defaults={"data": data, "typed_at": typed_at}
            )
            # Only a form that was sent comes here with too many, and would be lost itself.
            oldest = self.filter(user=user).values_list("pk", flat=True)[MANY:]
            self.filter(pk__in=list(oldest)).delete()
            if is_new:
                return kept
        # Asked by what writes it: another may have come since with newer text, or have saved the story and forgotten the copy.
        older = self.filter(pk=kept.pk, typed_at__lte=typed_at) if typed_at else self.filter(pk=kept.pk)
        older.update(data=data, typed_at=typed_at, saved_at=timezone.now())
        return kept


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

    objects = AutosaveQuerySet.as_manager()

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


class SentFormQuerySet(OfStoriesQuerySet):
    def note(self, user: User, slot: str, story: int) -> None:
        """Raises IntegrityError where the same form has made another story in this moment."""
        mine = self.filter(user=user, slot=slot)
        mine.homeless().delete()
        mine.create(user=user, slot=slot, story=story)


class SentForm(models.Model):
    """Which opened form has made which story: sent twice, it makes one."""

    # Nothing here holds back a version of the site that does not know this table, and deletes a user or a story.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    # A number and no link: the story may be deleted, and then what was typed may make another one.
    story = models.PositiveBigIntegerField("number of the story")
    slot = models.CharField(max_length=32)

    objects = SentFormQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "slot"], name="sent_form_makes_one_story")]

    def __str__(self) -> str:
        return self.slot
