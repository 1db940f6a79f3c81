from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from articles.caching.prepared import Prepared

if TYPE_CHECKING:
    from articles.models import Article


class Mode(models.TextChoices):
    OPEN = "open", "Open: publish at once what the checks let through"
    FIRST = "first", "A moderator reads the first comments of each confirmed guest"
    ALL = "all", "A moderator reads everything first"
    CLOSED = "closed", "Closed: what is there stays, nothing new"


@dataclass(frozen=True)
class Rules:
    """What holds for one story, after site, section and story have been asked in turn."""

    mode: str = Mode.FIRST
    first_count: int = 3
    close_after_days: int = 0
    guests_allowed: bool = True
    link_limit: int = 2

    def closed_at(self, article: Article) -> datetime.datetime | None:
        """The time from which nothing new is taken; None: never."""
        if self.mode == Mode.CLOSED:
            return datetime.datetime.min.replace(tzinfo=datetime.UTC)
        if self.close_after_days and article.publish_at:
            return article.publish_at + datetime.timedelta(days=self.close_after_days)
        return None

    def is_closed(self, article: Article) -> bool:
        closed_at = self.closed_at(article)
        return closed_at is not None and closed_at <= timezone.now()


class PolicyQuerySet(models.QuerySet["Policy"]):
    def rules_for(self, article: Article) -> Rules:
        """One query: the most particular word on each matter holds."""
        rules: dict[str, Any] = {}
        # No section has the number 0.
        found = _policies(article=article.pk, section=article.section_id or 0)
        for policy in sorted(found, key=Policy.particularity):
            rules |= policy.said()
        return Rules(**rules)


class Policy(models.Model):
    """What a site, a section or a story says about its comments. What it leaves empty it takes from the wider one."""

    section = models.OneToOneField(
        "articles.Section",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="comment_policy",
    )
    article = models.OneToOneField(
        "articles.Article",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="comment_policy",
    )
    mode = models.CharField("comments", max_length=10, choices=Mode, blank=True)
    first_count = models.PositiveSmallIntegerField(
        "first comments read",
        null=True,
        blank=True,
        help_text="How many of a confirmed guest a moderator approves first.",
    )
    close_after_days = models.PositiveSmallIntegerField(
        "close after days", null=True, blank=True, help_text="After publication. 0: never."
    )
    guests_allowed = models.BooleanField(
        "unconfirmed guests", null=True, blank=True, help_text="Whether who has not confirmed an address can write."
    )
    link_limit = models.PositiveSmallIntegerField("links allowed", null=True, blank=True, help_text="More are held.")

    RULES = ("mode", "first_count", "close_after_days", "guests_allowed", "link_limit")

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(section__isnull=True, article__isnull=True), name="policy_of_site_is_one"
            ),
            models.CheckConstraint(
                condition=Q(section__isnull=True) | Q(article__isnull=True), name="policy_has_one_scope"
            ),
        ]

    def __str__(self) -> str:
        return f"Comments on {self.article or self.section or 'the whole site'}"

    def clean(self):
        of_site = Policy.objects.filter(section=None, article=None)
        if not self.section_id and not self.article_id and of_site.exclude(pk=self.pk).exists():
            raise ValidationError("The site has a policy: change that one.")

    def particularity(self) -> int:
        return 2 if self.article_id else 1 if self.section_id else 0

    def said(self) -> dict[str, Any]:
        return {name: value for name in self.RULES if (value := getattr(self, name)) not in (None, "")}


_policies = Prepared(
    lambda article, section: Policy.objects.filter(section=None, article=None).union(
        Policy.objects.filter(article=article), Policy.objects.filter(section=section)
    ),
    article=int, section=int,
)  # fmt: skip
