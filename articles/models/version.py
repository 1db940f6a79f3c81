"""What a story was: whole, append-only snapshots of its content."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from articles.caching import editions

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from articles.models.article import Article

#: Raised whenever what `Version.content` says of articles.editing.snapshot.LABELS changes; that opens the older ones. A key beside
#: those may come without: it is never compared, who reads it can do without, and the version of the site before passes over it.
SCHEMA = 3


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
    CORRECTED = "corrected", "Corrected"
    RETRACTED = "retracted", "Retracted"
    NEXT = "next", "Kept as the next version"
    WENT_LIVE = "went_live", "Went live"


class VersionQuerySet(models.QuerySet["Version"]):
    def of(self, article: Article) -> VersionQuerySet:
        return self.filter(story=article.pk)

    def public(self, now: datetime.datetime | None = None) -> VersionQuerySet:
        """What readers have seen."""
        return self.filter(public_from__lte=now or timezone.now())

    def current(self, article: Article) -> VersionQuerySet:
        """The one that the story is now; a next version is none of a story yet."""
        return self.of(article).filter(number=article.version)

    def last_of_the_deleted(self) -> VersionQuerySet:
        """Of each story that is no more the last one."""
        last = self.filter(article=None).values("story").annotate(last=models.Max("pk")).values("last")
        return self.filter(pk__in=last)

    def marks(self, articles: Iterable[Article]) -> dict[int, str]:
        """Number of a story → mark of what it is now; without those of which nothing is kept."""
        found = self.filter(story__in=[article.pk for article in articles], number=models.F("article__version"))
        return {version.story: version.mark for version in found.only("story", "made_at")}


class Version(models.Model):
    """A story's content after one save: who, when, why, and from which version it came. Of that nothing is ever changed; what may
    change is what its readers saw of it: `public_from`, `withheld_at`.
    """  # fmt: skip

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
    # From when readers saw it, if it was not replaced before; a version of a scheduled story has this in the future.
    public_from = models.DateTimeField(null=True)
    # Not shown to readers in the list of public versions, for reasons of law or decency.
    withheld_at = models.DateTimeField(null=True)
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
    def was_public(self) -> bool:
        return self.public_from is not None and self.public_from <= timezone.now()

    @property
    def mark(self) -> str:
        """What tells it from another of the same story and number: after a restore, or on a standby that lacks the last commits,
        numbers come again.
        """  # fmt: skip
        return self.made_at.astimezone(datetime.UTC).isoformat()

    def is_read_as(self, number: int, mark: str) -> bool:
        """Whether it is the one that somebody has read who names it so; "" is the mark of pages that were opened before there
        were marks.
        """  # fmt: skip
        return self.number == number and mark in ("", self.mark)

    @property
    def headline(self) -> str:
        return self.content.get("headline", "")

    def withhold(self, by: User, withheld: bool = True) -> None:
        """Keep it from readers, or let them have it again; the story's log says who has. What it was stays as it is."""
        asked = Version.objects.filter(pk=self.pk, withheld_at__isnull=withheld)
        with transaction.atomic():
            if asked.update(withheld_at=timezone.now() if withheld else None) and self.article:
                told = f"version {self.number} of the history"
                note = f"Withheld {told} from readers." if withheld else f"Showed {told} to readers again."
                self.article.log_move(self.article.status, by, note)


def store(text: str) -> Text:
    """The one row that holds this text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    stored, _ = Text.objects.get_or_create(digest=digest, defaults={"text": text})
    return stored


def note_publication(article: Article, version: Version) -> None:
    """Readers see this version from now on, or from the time of the story on, unless it is replaced before."""
    if listed_from := article.listed_from():
        version.public_from = max(listed_from, timezone.now())
        version.save(update_fields=["public_from"])


def record(
    article: Article, content: dict[str, Any], parent: Version | None, *, by: User | None, kind: str, reason: str = ""
) -> Version:
    """Keep the content that a story has now, or will have (Kind.NEXT), in the transaction that gave it that.

    `content` is what articles.editing.snapshot.take() says of the story, its body included.
    """
    content = dict(content)
    body = content.pop("body")
    is_next = kind == Kind.NEXT
    with transaction.atomic():
        number = (Version.objects.of(article).aggregate(models.Max("number"))["number__max"] or 0) + 1
        version = Version.objects.create(
            article=article, story=article.pk, number=number, parent=parent, kind=kind if number > 1 else Kind.FIRST,
            reason=reason[:300], made_by=by, content=content, text=store(body),
        )  # fmt: skip
        if not is_next:
            note_publication(article, version)
            if parent:  # replaced before readers saw it
                Version.objects.filter(pk=parent.pk, public_from__gt=version.made_at).update(public_from=None)
            with editions.touching():
                type(article)._default_manager.filter(pk=article.pk).update(version=number)
            article.version = number
    return version
