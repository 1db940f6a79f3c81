from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone


class BannerQuerySet(models.QuerySet["Banner"]):
    def running(self, now: datetime.datetime | None = None) -> BannerQuerySet:
        """The one that was begun last comes first: it is the one that pages show."""
        now = now or timezone.now()
        return self.filter(starts_at__lte=now, ends_at__gt=now).order_by("-starts_at", "-pk")


def in_two_hours() -> datetime.datetime:
    return (timezone.now() + datetime.timedelta(hours=2)).replace(microsecond=0)


class Banner(models.Model):
    """A line of breaking news above every page. It ends by itself: nobody has to remember it."""

    label = models.CharField(max_length=20, default="Breaking", help_text="The word before it.")
    text = models.CharField(max_length=140)
    url = models.CharField(
        "link", max_length=500, blank=True,
        validators=[RegexValidator(r"^(https?://[^\s]+|/(?!/)[^\s]*)$", "Give an address that begins with https:// or with /.")],
        help_text="Where it leads: a page of ours (/2026/11/24/…) or an address. Empty: nowhere yet.",
    )  # fmt: skip
    starts_at = models.DateTimeField("from", default=timezone.now)
    ends_at = models.DateTimeField("until", default=in_two_hours)

    objects = BannerQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="banner_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=models.Q(url="") | models.Q(url__startswith="/") | models.Q(url__startswith="http"),
                name="banner_link_is_an_address",
            ),
        ]
        indexes = [models.Index("ends_at", name="banner_end")]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "It must end after it starts."})
