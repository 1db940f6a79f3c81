"""The story: what it is, who may see it, and the moves that it makes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count, groupby
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MinLengthValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from taggit.managers import TaggableManager

from articles import body, workflow
from articles.body.field import BodyField
from articles.models.contributor import Byline, Contributor
from articles.models.image import Image
from articles.models.slug import MAX_LENGTH, PreviousSlug, make_slug
from articles.models.tag import TaggedArticle
from articles.models.version import Kind as VersionKind
from articles.models.version import Version, record
from articles.signals import article_changed
from articles.workflow import MOVES, MoveRefused, Status

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class ArticleQuerySet(models.QuerySet["Article"]):
    def public(self, now: datetime.datetime | None = None) -> ArticleQuerySet:
        """What readers can see at this moment: published, and its time has come. `Article.is_public()` says the same."""
        return self.filter(status=Status.PUBLISHED, publish_at__lte=now or timezone.now())

    def seen_by(self, user: User) -> ArticleQuerySet:
        """What somebody at the desk may look at: all for who publishes; else one's own, and what readers see."""
        if user.has_perm(workflow.PUBLISH):
            return self.all()
        return self.filter(
            models.Q(created_by=user) | models.Q(status=Status.PUBLISHED, publish_at__lte=timezone.now())
        )

    def newest_first(self) -> ArticleQuerySet:
        return self.order_by("-publish_at", "-pk")

    def for_lists(self, *, bylines: bool = True) -> ArticleQuerySet:
        """All that a list shows of a story, without its text: one query, and one more for the bylines."""
        found = self.defer("body", "body_html")
        return found.with_surroundings() if bylines else found.select_related("section", "lead_image")

    def with_surroundings(self) -> ArticleQuerySet:
        """Section, lead image and bylines, which are shown wherever a story is, in two queries."""
        bylines = models.Prefetch("bylines", Byline.objects.select_related("contributor"))
        return self.select_related("section", "lead_image").prefetch_related(bylines)


class Article(models.Model):
    """A story. Its status is changed by its verbs alone: submit, publish, unschedule, withdraw, return_to_draft."""

    class Kind(models.TextChoices):
        NEWS = "news", "News"
        ANALYSIS = "analysis", "Analysis"
        OPINION = "opinion", "Opinion"
        FEATURE = "feature", "Feature"
        INTERVIEW = "interview", "Interview"
        REVIEW = "review", "Review"
        EXPLAINER = "explainer", "Explainer"
        SPONSORED = "sponsored", "Sponsored"

    headline = models.CharField(max_length=200, validators=[MinLengthValidator(3)])
    short_headline = models.CharField(
        max_length=80, blank=True, help_text="For lists and the front page. Empty: the headline."
    )
    slug = models.SlugField(
        max_length=MAX_LENGTH,
        allow_unicode=True,
        blank=True,
        help_text="The last part of the address. Empty: from the headline.",
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.NEWS)
    section = models.ForeignKey(
        "articles.Section", null=True, blank=True, on_delete=models.PROTECT, related_name="articles"
    )
    dateline = models.CharField(max_length=60, blank=True, help_text="Where the story was reported from.")
    standfirst = models.TextField(blank=True, help_text="One or two sentences under the headline.")
    lead_image = models.ForeignKey(
        Image, null=True, blank=True, on_delete=models.PROTECT, related_name="leads", verbose_name="lead picture"
    )
    body = BodyField(blank=True)
    contributors = models.ManyToManyField(Contributor, through=Byline, related_name="articles")
    tags = TaggableManager(through=TaggedArticle, blank=True)

    # Derived from the body when it is saved, so that reading has nothing left to do.
    body_html = models.TextField(editable=False, default="")
    body_images = models.ManyToManyField(Image, editable=False, related_name="used_in")
    reading_minutes = models.PositiveSmallIntegerField(editable=False, default=1)
    # Kept by whoever keeps the readers' talk: lists show it without asking.
    comment_count = models.PositiveIntegerField(editable=False, default=0)

    # The number of its latest version: who saves says which one they have read (articles.editing).
    version = models.PositiveIntegerField(default=0, editable=False)

    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    publish_at = models.DateTimeField(
        "publication time",
        null=True,
        blank=True,
        help_text="Empty: the moment it is published. In the future: it appears by itself in that second.",
    )
    embargo_until = models.DateTimeField(
        "embargo", null=True, blank=True, help_text="Nobody can make it public before, whatever is pressed."
    )
    # The day in the address. Stored, so that a link outlives a change of the newsroom's time zone.
    published_on = models.DateField(null=True, editable=False)
    updated_at = models.DateTimeField("last real update", null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawal_note = models.TextField(blank=True, editable=False)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="articles"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField("last saved", auto_now=True)

    #: Written by others at any time, and never by saving a story that was read some time before.
    KEPT_BY_OTHERS = frozenset({"comment_count", "version"})
    MOVED_FIELDS = ("status", "publish_at", "published_on", "slug", "withdrawn_at", "withdrawal_note")

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = "story"
        verbose_name_plural = "stories"
        permissions = [("publish_article", "Can publish, correct and withdraw stories")]
        constraints = [
            models.UniqueConstraint(fields=["published_on", "slug"], name="article_address_is_unique"),
            models.CheckConstraint(
                condition=models.Q(publish_at__isnull=False, published_on__isnull=False, section__isnull=False)
                | ~models.Q(status=Status.PUBLISHED),
                name="published_article_is_complete",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=Status.PUBLISHED)
                | models.Q(embargo_until__isnull=True)
                | models.Q(publish_at__gte=models.F("embargo_until")),
                name="embargo_is_kept",
            ),
        ]
        indexes = [
            models.Index("status", models.F("publish_at").desc(), models.F("id").desc(), name="article_listing"),
            models.Index(
                "section",
                "status",
                models.F("publish_at").desc(),
                models.F("id").desc(),
                name="article_section_listing",
            ),
            models.Index(models.F("modified_at").desc(), models.F("id").desc(), name="article_desk"),
        ]

    def __str__(self) -> str:
        return self.headline

    # --- What readers may see -----------------------------------------------------------------------------------------

    def is_public(self, now: datetime.datetime | None = None) -> bool:
        """The same as being in `Article.objects.public()`."""
        return self.status == Status.PUBLISHED and self._time_has_come(now)

    def is_scheduled(self, now: datetime.datetime | None = None) -> bool:
        return self.status == Status.PUBLISHED and not self._time_has_come(now)

    def is_gone(self, now: datetime.datetime | None = None) -> bool:
        """Readers may have seen it, and can no more."""
        return self.status == Status.WITHDRAWN and self._time_has_come(now)

    def _time_has_come(self, now: datetime.datetime | None) -> bool:
        return self.publish_at is not None and self.publish_at <= (now or timezone.now())

    def listed_from(self) -> datetime.datetime | None:
        """The time from which lists show it; None while it is not published."""
        return self.publish_at if self.status == Status.PUBLISHED else None

    def get_absolute_url(self) -> str:
        """/yyyy/mm/dd/slug/. A draft has no address yet: it gets the one it would have today."""
        day = self.published_on or timezone.localdate(self.publish_at, timezone.get_default_timezone())
        return reverse("story", args=[f"{day:%Y}", f"{day:%m}", f"{day:%d}", self.slug])

    @property
    def list_headline(self) -> str:
        return self.short_headline or self.headline

    @property
    def label(self) -> str:
        """The kind as readers see it; news goes without saying."""
        return "" if self.kind == self.Kind.NEWS else self.get_kind_display()

    def state_label(self) -> str:
        return "Scheduled" if self.is_scheduled() else self.get_status_display()

    @property
    def authors(self) -> list[Contributor]:
        """Who wrote it, in byline order; who else is named, when nobody is said to have written it."""
        written = [byline.contributor for byline in self.bylines.all() if byline.role == Byline.Role.WRITTEN]
        return written or list(dict.fromkeys(byline.contributor for byline in self.bylines.all()))

    @property
    def byline_groups(self) -> list[tuple[str, list[Contributor]]]:
        """Bylines in their order, neighbours of the same role together: [("Written by", [a, b]), ("Edited by", [c])]."""
        return [
            (role, [byline.contributor for byline in bylines])
            for role, bylines in groupby(self.bylines.all(), key=lambda byline: byline.get_role_display())
        ]

    # --- Saving -------------------------------------------------------------------------------------------------------

    def clean(self):
        self.slug = make_slug(self.slug)
        if self.status == Status.PUBLISHED:
            if problems := self.missing_to_publish():
                raise ValidationError(problems)
            if self._address_is_taken():
                raise ValidationError(
                    {"slug": "Another story has, or had, this address on the day of its publication."}
                )

    def missing_to_publish(self) -> dict[str, str]:
        """Field name → sentence, for what a story cannot do without once it is published."""
        problems = {}
        if not self.section_id:
            problems["section"] = "A published story needs a section."
        if not body.plain_text(self.body):
            problems["body"] = "A published story needs a text."
        if self.status == Status.PUBLISHED and not self.publish_at:
            problems["publish_at"] = "A published story needs a time."
        elif self.status == Status.PUBLISHED and self.breaks_embargo(self.publish_at):
            problems["publish_at"] = self.embargo_sentence()
        return problems

    def breaks_embargo(self, moment: datetime.datetime | None) -> bool:
        return self.embargo_until is not None and moment is not None and moment < self.embargo_until

    def embargo_sentence(self) -> str:
        assert self.embargo_until is not None
        until = timezone.localtime(self.embargo_until, timezone.get_default_timezone())
        return f"It is under embargo until {until:%-d %B %Y, %H:%M %Z}: give a publication time from then on."

    def save(self, *args, **kwargs):
        """Store the story, and with it what follows from it: rendered text, address, and its place in lists."""
        self.body = body.sanitise(self.body)
        self.slug = self.slug or make_slug(self.headline) or "story"
        self.reading_minutes = body.reading_minutes(self.body)
        images = Image.objects.in_bulk(body.image_ids(self.body))
        self.body_html = body.render(self.body, images)
        with transaction.atomic():
            before = Article.objects.filter(pk=self.pk).only("publish_at", "published_on", "slug").first()
            self._settle_address(before)
            if before and not kwargs.get("update_fields"):
                own = (field for field in self._meta.concrete_fields if not field.primary_key)
                kwargs["update_fields"] = [field.name for field in own if field.name not in self.KEPT_BY_OTHERS]
            super().save(*args, **kwargs)
            if before and before.published_on and before.address != self.address:
                PreviousSlug.objects.get_or_create(
                    published_on=before.published_on, slug=before.slug, defaults={"article": self}
                )
            self.previous_slugs.filter(published_on=self.published_on, slug=self.slug).delete()  # type: ignore[misc]
            self.body_images.set(images)
            self.tagged.update(publish_at=self.listed_from())
            self.list_bylines()
            transaction.on_commit(partial(article_changed.send, sender=Article, article=self))

    @property
    def address(self) -> tuple[datetime.date | None, str]:
        return self.published_on, self.slug

    def _settle_address(self, before: Article | None) -> None:
        if self.publish_at is None:
            self.published_on = None
        elif self.status == Status.PUBLISHED and (
            self.published_on is None or before is None or before.publish_at != self.publish_at
        ):
            self.published_on = timezone.localdate(self.publish_at, timezone.get_default_timezone())
        if self.published_on and (before is None or before.address != self.address):
            self._avoid_taken_address()

    def _avoid_taken_address(self) -> None:
        wanted = self.slug
        for number in count(2):
            if not self._address_is_taken():
                return
            suffix = f"-{number}"
            self.slug = wanted[: MAX_LENGTH - len(suffix)] + suffix

    def _address_is_taken(self) -> bool:
        address = {"published_on": self.published_on, "slug": self.slug}
        return (
            Article.objects.filter(**address).exclude(pk=self.pk).exists()
            or PreviousSlug.objects.filter(**address).exclude(article_id=self.pk).exists()
        )

    def list_bylines(self) -> None:
        """Write `publish_at` on the first byline of each contributor, which is what their list reads."""
        seen: set[int] = set()
        for pk, contributor, listed in Byline.objects.filter(article=self).values_list(
            "pk", "contributor", "publish_at"
        ):
            wanted = None if contributor in seen else self.listed_from()
            seen.add(contributor)
            if listed != wanted:
                Byline.objects.filter(pk=pk).update(publish_at=wanted)

    # --- Verbs --------------------------------------------------------------------------------------------------------

    def submit(self, by: User | None, note: str = "") -> None:
        with self._move("submit", by, note):
            pass

    def return_to_draft(self, by: User | None, note: str = "") -> None:
        with self._move("return_to_draft", by, note):
            pass

    def publish(self, by: User | None, at: datetime.datetime | None = None, note: str = "") -> None:
        """Publish at a time: `at`, else the story's own, else now. Raises MoveRefused when something is missing."""
        if problems := self.missing_to_publish():
            raise MoveRefused(list(problems.values()))
        moment = at or self.publish_at or timezone.now()
        if self.breaks_embargo(moment):
            raise MoveRefused(self.embargo_sentence())
        with self._move("publish", by, note):
            self.publish_at = moment
            self.withdrawn_at, self.withdrawal_note = None, ""

    def unschedule(self, by: User | None, note: str = "") -> None:
        with self._move("unschedule", by, note):
            self.publish_at = None

    def withdraw(self, by: User | None, note: str = "") -> None:
        """Take a story back. Its address answers 410 with the note, and nothing lists it any more."""
        with self._move("withdraw", by, note):
            self.withdrawn_at, self.withdrawal_note = timezone.now(), note

    def correct(self, by: User | None, text: str, kind: str = "correction") -> None:
        """Tell readers what was wrong, or that all of it was ("retraction"); the story has been updated then."""
        with transaction.atomic():
            self.mark_updated(by)
            self.corrections.create(text=text, kind=kind, made_by=by)

    def mark_updated(self, by: User | None) -> None:
        """Say to readers that the story has really changed: they see "Updated"."""
        if by is not None and not by.has_perm(workflow.PUBLISH):
            raise PermissionDenied(f"{by} may not correct stories.")
        if not self.is_public():
            raise MoveRefused("Only a story that readers can see can be updated or corrected.")
        self.updated_at = timezone.now()
        self.save()
        self.record(by, VersionKind.UPDATED)

    def record(self, by: User | None, kind: str = VersionKind.SAVED, reason: str = "") -> Version | None:
        """Keep a version of what the story is now; None when nothing has changed since the last one."""
        from articles.editing.snapshot import opened, take

        content = take(self)
        latest = Version.objects.of(self).select_related("text").first()
        if latest and opened(latest) == content:
            return None
        return record(self, content, latest, by=by, kind=kind, reason=reason)

    def claim(self, seen: int) -> bool:
        """Whether the story still is the version that an editor has read. If so, nobody else saves until this transaction ends."""
        return bool(Article.objects.filter(pk=self.pk, version=seen).update(modified_at=timezone.now()))

    def restore(self, version: Version, by: User) -> Version | None:
        """Make the story what it was, as a new version. Its time stays once it is published: readers have seen it."""
        from articles.editing.snapshot import opened, put, told

        if not workflow.may_edit(self, by):
            raise PermissionDenied(f"{by} may not change this story.")
        with transaction.atomic():
            if not self.claim(self.version):
                raise MoveRefused("Somebody has saved the story in this moment. Look at it again.")
            content = opened(version)
            if self.status not in workflow.UNPUBLISHED:
                content["publish_at"] = told(self.publish_at)
            put(self, content)
            return self.record(by, VersionKind.RESTORED, f"As in version {version.number}.")

    @contextmanager
    def _move(self, name: str, by: User | None, note: str) -> Iterator[None]:
        """The transaction of one move: the status, what the verb sets within, and a row in the log; or nothing at all."""
        move = MOVES[name]
        workflow.check(self, move, by)
        before = {field: getattr(self, field) for field in self.MOVED_FIELDS}
        try:
            with transaction.atomic():
                # Claimed by an UPDATE: of two people who press at once, the second is told that it has been done.
                if not Article.objects.filter(pk=self.pk, status=self.status).update(modified_at=timezone.now()):
                    raise MoveRefused(f"“{self}” has been moved by somebody else in the meantime. Look at it again.")
                self.status_changes.create(from_status=self.status, to_status=move.target, made_by=by, note=note)
                self.status = move.target
                yield
                self.save()
                self.record(by, VersionKind.MOVED, f"{move.label}. {note}".strip())
        except BaseException:
            for field, value in before.items():
                setattr(self, field, value)
            raise
