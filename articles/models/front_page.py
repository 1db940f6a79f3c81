"""What an editor has put on the front page by hand: which story, in which slot, from when and until when."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from articles.models.article import Article
    from articles.models.section import Section

ARRANGE = "articles.change_frontpagestory"


class Slot(models.TextChoices):
    LEAD = "lead", "Lead"
    SECONDARY = "secondary", "Beside the lead"
    RAIL = "rail", "Rail of a section"


class FrontPageStoryQuerySet(models.QuerySet["FrontPageStory"]):
    def running(self, now: datetime.datetime | None = None) -> FrontPageStoryQuerySet:
        now = now or timezone.now()
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=now), starts_at__lte=now)

    def not_over(self, now: datetime.datetime | None = None) -> FrontPageStoryQuerySet:
        """What runs, and what is to come."""
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=now or timezone.now()))

    def over(self, now: datetime.datetime | None = None) -> FrontPageStoryQuerySet:
        return self.filter(ends_at__lte=now or timezone.now())

    def put(
        self, article: Article, by: User, slot: str, section: Section | None = None, *, index: int | None = None,
        starts_at: datetime.datetime | None = None, ends_at: datetime.datetime | None = None,
    ) -> FrontPageStory:  # fmt: skip
        """Put a story in a slot, at a place among what stands there; the last place unless `index` (from 0) says otherwise."""
        _check(by)
        placed = self.model(
            article=article,
            slot=slot,
            section=section,
            starts_at=starts_at or timezone.now(),
            ends_at=ends_at,
            placed_by=by,
        )
        placed.full_clean()
        with transaction.atomic():
            placed.save()
            placed.move_to(by, index)
        return placed


class FrontPageStory(models.Model):
    """Rows are ended, never deleted: together they say what stood where, and who had put it there."""

    article = models.ForeignKey(
        "articles.Article", on_delete=models.CASCADE, related_name="front_page_stories", verbose_name="story"
    )
    slot = models.CharField(max_length=9, choices=Slot)
    section = models.ForeignKey(
        "articles.Section", null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text="For the rail of a section, and for nothing else.",
    )  # fmt: skip
    order = models.PositiveSmallIntegerField(default=0, editable=False)
    starts_at = models.DateTimeField("from", default=timezone.now)
    ends_at = models.DateTimeField(
        "until", null=True, blank=True, help_text="Empty: until somebody takes it off. Then the latest stories move up."
    )
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    placed_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects = FrontPageStoryQuerySet.as_manager()

    class Meta:
        verbose_name = "front-page story"
        verbose_name_plural = "front page"
        ordering = ["slot", "section", "order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="front_page_story_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=models.Q(slot=Slot.RAIL, section__isnull=False)
                | (~models.Q(slot=Slot.RAIL) & models.Q(section=None)),
                name="front_page_rail_has_a_section",
            ),
        ]
        indexes = [models.Index("ends_at", name="front_page_end")]

    def __str__(self) -> str:
        return f"{self.article} ({self.section or self.get_slot_display()})"

    def clean(self) -> None:
        if self.slot == Slot.RAIL and not self.section_id:
            raise ValidationError({"section": "Which section’s rail?"})
        if self.slot != Slot.RAIL and self.section_id:
            raise ValidationError({"section": "Only the rail of a section has one. Leave it empty."})
        if self.ends_at and self.starts_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "It must end after it starts."})
        if self.pk and self.ends_at and self.ends_at <= timezone.now():
            raise ValidationError(
                {"ends_at": "It stands there now. Give a time to come, or take it off on the page before."}
            )

    def is_coming(self) -> bool:
        return self.starts_at > timezone.now()

    def is_over(self) -> bool:
        return self.ends_at is not None and self.ends_at <= timezone.now()

    def move_to(self, by: User, index: int | None) -> None:
        """Change its place among what stands in the same slot; None is the last place."""
        _check(by)
        with transaction.atomic():
            beside = FrontPageStory.objects.not_over().filter(slot=self.slot, section=self.section_id)
            others = list(beside.select_for_update(of=("self",)).exclude(pk=self.pk).order_by("order", "pk"))
            others.insert(len(others) if index is None else max(index, 0), self)
            for order, story in enumerate(others):
                if story.order != order or story is self:
                    FrontPageStory.objects.filter(pk=story.pk).update(order=order)
                    story.order = order

    def step(self, by: User, steps: int) -> None:
        """Move it down among what stands in the same slot, or up. Where others have gone, its order is not its place."""
        beside = FrontPageStory.objects.not_over().filter(slot=self.slot, section=self.section_id)
        above = models.Q(order__lt=self.order) | models.Q(order=self.order, pk__lt=self.pk)
        self.move_to(by, beside.filter(above).count() + steps)

    def move(self, by: User, slot: str, section: Section | None, index: int | None) -> FrontPageStory:
        """Put it elsewhere. In another slot it is a row of its own: where it was is history.

        Raises ValidationError where it has been taken off meanwhile: of two presses the second moves nothing.
        """
        if (slot, section) == (self.slot, self.section):
            self.move_to(by, index)
            return self
        with transaction.atomic():
            if not self.take_off(by):
                raise ValidationError(f"“{self.article}” does not stand there any more. Look at the page again.")
            return FrontPageStory.objects.put(
                self.article, by, slot, section, index=index, starts_at=max(self.starts_at, timezone.now()), ends_at=self.ends_at
            )  # fmt: skip

    def take_off(self, by: User) -> bool:
        """End it now; what has not begun yet never was, and goes. False where somebody else has done so."""
        _check(by)
        now = timezone.now()
        rows = FrontPageStory.objects.not_over(now).filter(pk=self.pk)
        if self.starts_at > now:
            return bool(rows.delete()[0])
        return bool(rows.update(ends_at=now, ended_by=by))


def _check(by: User) -> None:
    if not by.has_perm(ARRANGE):
        raise PermissionDenied(f"{by} may not arrange the front page.")
