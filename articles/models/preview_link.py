from __future__ import annotations

import datetime
import hashlib
import secrets
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils import timezone

from articles import workflow
from articles.models.article import Article
from articles.models.version import Kind, Version
from articles.workflow import Status

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONGEST = datetime.timedelta(days=30)


class PreviewLinkQuerySet(models.QuerySet["PreviewLink"]):
    def issue(
        self, article: Article, name: str, by: User, *, lasts: datetime.timedelta, version: Version | None = None,
        follows_next: bool = False,
    ) -> tuple[PreviewLink, str]:  # fmt: skip
        """A new link for somebody without an account, and its token, which is kept nowhere: (link, token).

        `version`: the one that it shows; None follows the story, or with `follows_next` what the story will be once its next
        version is live. What a story will be is for who publishes. Raises PermissionDenied for who may not show it.
        """
        is_next = follows_next or (version is not None and version.kind == Kind.NEXT)
        if not workflow.may_edit(article, by) or (is_next and not by.has_perm(workflow.PUBLISH)):
            raise PermissionDenied(f"{by} may not show this story to others.")
        token = secrets.token_urlsafe(32)
        ends = timezone.now() + min(lasts, LONGEST)
        link = self.create(
            article=article, version=version, follows_next=follows_next, name=name, token_hash=hash_of(token),
            expires_at=ends, made_by=by,
        )  # fmt: skip
        return link, token

    def opened_by(self, token: str) -> PreviewLink | None:
        """The link that this token opens now: not revoked, not over, its story not withdrawn, and who made it still here and
        allowed to.
        """  # fmt: skip
        alive = self.filter(
            token_hash=hash_of(token), revoked_at=None, expires_at__gt=timezone.now(), made_by__is_active=True
        )
        related = ("article", "version__text", "made_by")
        link = alive.exclude(article__status=Status.WITHDRAWN).select_related(*related).first()
        if link is None or not workflow.may_show(link.article, by := link.made_by):  # type: ignore[arg-type]
            return None
        return None if link.shows_next and not by.has_perm(workflow.PUBLISH) else link  # type: ignore[union-attr]


class PreviewLink(models.Model):
    """A way for one outsider to read a story before it is public: named, ending, revocable."""

    class Shows(models.TextChoices):
        STORY = "story", "the story as it develops"
        NEXT = "next", "its next version as it develops"
        VERSION = "version", "one version, whatever comes later"

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="preview_links")
    version = models.ForeignKey(Version, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    # While there is a next version: what the story will be. Else the story.
    follows_next = models.BooleanField(default=False)
    name = models.CharField(max_length=100, help_text="Whom it is for.")
    # Whoever reads the database has no link: the token itself is shown once.
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    objects = PreviewLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(version=None) | models.Q(follows_next=False), name="preview_link_shows_one_thing"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shows(self) -> str:
        """What it opens, in words."""
        if self.version:
            return f"version {self.version.number}"
        return str((self.Shows.NEXT if self.follows_next else self.Shows.STORY).label)

    @property
    def shows_next(self) -> bool:
        """Whether it opens what the story will be, or was to be."""
        return self.follows_next or (self.version is not None and self.version.kind == Kind.NEXT)

    @property
    def is_alive(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    def revoke(self) -> None:
        PreviewLink.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=timezone.now())

    def note_opening(self) -> None:
        self.openings.create()


class PreviewOpening(models.Model):
    """One opening of a preview link: that it was, and when. Not by whom: that is what the link's name is for."""

    link = models.ForeignKey(PreviewLink, on_delete=models.CASCADE, related_name="openings")
    opened_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.opened_at):%-d %b %Y, %H:%M}"


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
