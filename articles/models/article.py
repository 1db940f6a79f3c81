"""The story: what it is, who may see it, and the moves that it makes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import MinLengthValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from taggit.managers import TaggableManager

from articles import body, newsroom_time, workflow
from articles.body.field import BodyField
from articles.caching import editions
from articles.editing import snapshot
from articles.models import address, listing
from articles.models.article_queryset import ArticleQuerySet
from articles.models.contributor import Byline, Contributor
from articles.models.correction import Correction
from articles.models.image import Image
from articles.models.next_version import NextVersion
from articles.models.sitemap_month import SitemapMonth
from articles.models.slug import MAX_LENGTH, SlugField, make_slug
from articles.models.tag import TaggedArticle
from articles.models.version import Kind as VersionKind
from articles.models.version import Version, note_publication, record
from articles.share_cards import order_share_card
from articles.signals import article_changed
from articles.snippets import DESCRIPTION_LENGTH
from articles.workflow import MOVES, MoveRefused, Status

if TYPE_CHECKING:
    from django.contrib.auth.models import User


#: What the history calls a version that readers are told of.
CORRECTED = {
    Correction.Kind.CORRECTION: VersionKind.CORRECTED,
    Correction.Kind.RETRACTION: VersionKind.RETRACTED,
}

#: So long after a correction the same words are taken for the same form, whatever else has been typed beside them.
SENT_AGAIN = datetime.timedelta(minutes=10)


def told_update(updated_at: datetime.datetime | None, publish_at: datetime.datetime | None) -> datetime.datetime | None:
    """When readers are told that a story has really changed; None for a change from before it was published (again)."""
    return updated_at if updated_at and publish_at and updated_at > publish_at else None


class Article(models.Model):
    """A story. Its status is changed by its verbs alone: submit, publish, publish_now, unschedule, withdraw, return_to_draft.

    A verb moves the story as it is stored at that moment: it reads it anew behind a lock, so that nobody's save is undone by
    an object that was read before it. What has not been saved is not moved.
    """

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
    slug = SlugField(
        max_length=MAX_LENGTH,
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
    search_title = models.CharField(
        max_length=120, blank=True, help_text="The title that search engines are given. Empty: the headline."
    )
    search_description = models.TextField(
        max_length=320,
        blank=True,
        help_text="Two lines under the title in search results. Empty: the standfirst, else how the text begins.",
    )
    contributors = models.ManyToManyField(Contributor, through=Byline, related_name="articles")
    tags = TaggableManager(through=TaggedArticle, blank=True)

    # Derived from the body when it is saved, so that reading has nothing left to do.
    body_html = models.TextField(editable=False, default="")
    body_images = models.ManyToManyField(Image, editable=False, related_name="used_in")
    reading_minutes = models.PositiveSmallIntegerField(editable=False, default=1)
    # The name of its share card's file, once there is one: see articles.share_cards.
    share_card = models.CharField(max_length=80, editable=False, default="", blank=True)
    # Kept by whoever keeps the readers' talk: lists show it without asking.
    comment_count = models.PositiveIntegerField(editable=False, default=0)

    # When articles.related last worked out what goes with it; null: not yet.
    related_at = models.DateTimeField(null=True, editable=False)

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
    KEPT_BY_OTHERS = frozenset({"comment_count", "related_at", "share_card", "version"})
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
            # The desk's lists: all, of a status, of a section, and one's own that are not out.
            models.Index(models.F("modified_at").desc(), models.F("id").desc(), name="article_desk"),
            models.Index("status", models.F("modified_at").desc(), models.F("id").desc(), name="article_status_desk"),
            models.Index("section", models.F("modified_at").desc(), models.F("id").desc(), name="article_section_desk"),
            models.Index(
                "created_by", "status", models.F("modified_at").desc(), models.F("id").desc(), name="article_own_desk"
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    # --- What readers may see -----------------------------------------------------------------------------------------

    def is_public(self, now: datetime.datetime | None = None) -> bool:
        """The same as being in `Article.objects.public()`."""
        return self.status == Status.PUBLISHED and self._time_has_come(now)

    def is_scheduled(self, now: datetime.datetime | None = None) -> bool:
        return self.status == Status.PUBLISHED and not self._time_has_come(now)

    def is_gone(self) -> bool:
        """Readers have seen it, and can no more, whatever its time says: nothing else is withdrawn."""
        return self.status == Status.WITHDRAWN

    def was_seen(self) -> bool:
        """Whether readers see it, or have at any time: its address is then never one that leads nowhere."""
        return self.is_public() or self.is_gone() or Version.objects.of(self).public().exists()

    def _time_has_come(self, now: datetime.datetime | None) -> bool:
        return self.publish_at is not None and self.publish_at <= (now or timezone.now())

    @property
    def told_update(self) -> datetime.datetime | None:
        return told_update(self.updated_at, self.publish_at)

    def listed_from(self) -> datetime.datetime | None:
        """The time from which lists show it; None while it is not published."""
        return self.publish_at if self.status == Status.PUBLISHED else None

    def get_absolute_url(self) -> str:
        """/yyyy/mm/dd/slug/. A draft has no address yet: it gets the one it would have today."""
        day = self.published_on or newsroom_time.day_of(self.publish_at)
        return reverse("story", args=[f"{day:%Y}", f"{day:%m}", f"{day:%d}", self.slug])

    @property
    def list_headline(self) -> str:
        return self.short_headline or self.headline

    @property
    def label(self) -> str:
        """The kind as readers see it; news goes without saying."""
        return "" if self.kind == self.Kind.NEWS else self.get_kind_display()

    @property
    def meta_title(self) -> str:
        return self.search_title or self.headline

    @property
    def meta_description(self) -> str:
        """What is said of it where there is room for two lines: never empty for a story with a text."""
        told = self.search_description or self.standfirst
        return " ".join(told.split()) if told else body.first_sentences(self.body_html, DESCRIPTION_LENGTH)

    @property
    def state(self) -> str:
        """Its status, or "scheduled": for styles."""
        return "scheduled" if self.is_scheduled() else self.status

    def state_label(self) -> str:
        """The same, for people."""
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
            if address.is_taken(self):
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
            problems["publish_at"] = (
                "A published story needs a time, and a scheduled one as well. For readers to see it at once, give the present one."
            )
        elif self.status == Status.PUBLISHED and self.breaks_embargo(self.publish_at):
            problems["publish_at"] = self.embargo_sentence()
        return problems

    def breaks_embargo(self, moment: datetime.datetime | None) -> bool:
        return self.embargo_until is not None and moment is not None and moment < self.embargo_until

    def embargo_sentence(self) -> str:
        assert self.embargo_until is not None
        until = newsroom_time.local(self.embargo_until)
        return f"It is under embargo until {until:%-d %B %Y, %H:%M %Z}: give a publication time from then on."

    def save(self, *args, **kwargs):
        """Store the story, and with it what follows from it: rendered text, address, its place in lists and in search."""
        images = self.render()
        self.slug = self.slug or make_slug(self.headline) or "story"
        with transaction.atomic():
            # Locked: what is counted of it (SitemapMonth) is counted against what it really was.
            before = Article.objects.select_for_update().filter(pk=self.pk).first()
            with editions.touching(*listing.changed(self, before)):
                self._save(before, images, *args, **kwargs)

    def render(self) -> dict[int, Image]:
        """Make of its text what readers are shown, and save nothing; the pictures that stand in it are returned, by number."""
        self.body = body.sanitise(self.body)
        self.reading_minutes = body.reading_minutes(self.body)
        images = Image.objects.in_bulk(body.image_ids(self.body))
        self.body_html = body.render(self.body, images)
        return images

    def _save(self, before: Article | None, images: dict[int, Image], *args, **kwargs) -> None:
        from articles import related, search, websub

        address.settle(self, before)
        if before and not kwargs.get("update_fields"):
            own = (field for field in self._meta.concrete_fields if not field.primary_key)
            kwargs["update_fields"] = [field.name for field in own if field.name not in self.KEPT_BY_OTHERS]
        super().save(*args, **kwargs)
        # What is new has no pictures, tags and bylines yet that were listed under another time.
        if images or (before and body.image_ids(before.body)):
            self.body_images.set(images)
        if before:
            address.leave(self, before)
            listing.list_again(self)
            related.note(self)
        order_share_card(self, before.share_card if before else "")
        SitemapMonth.objects.note(before, self)
        websub.note(before, self)
        search.index([self.pk])
        transaction.on_commit(partial(article_changed.send_robust, sender=Article, article=self))

    def shown_on(self) -> set[str]:
        """The keys (caching.editions) of all pages that any change of it might move; none of a draft."""
        return listing.anywhere(self)

    def shown_in_place(self) -> set[str]:
        """The keys of what shows it, where it stays in its place in all lists; none of a draft."""
        return listing.in_place(self)

    def list_bylines(self) -> None:
        """Have the lists of its contributors show it at its time: to be called after its bylines were changed."""
        listing.list_bylines(self)

    @property
    def address(self) -> tuple[datetime.date | None, str]:
        return self.published_on, self.slug

    # --- Verbs --------------------------------------------------------------------------------------------------------

    def submit(self, by: User | None, note: str = "") -> None:
        with self._move("submit", by, note):
            pass

    def return_to_draft(self, by: User | None, note: str = "") -> None:
        with self._move("return_to_draft", by, note):
            pass

    def publish(self, by: User | None, at: datetime.datetime | None = None, note: str = "") -> None:
        """Publish at a time: `at`, else the story's own, else now. Raises MoveRefused when something is missing."""
        with self._move("publish", by, note):
            if problems := self.missing_to_publish():
                raise MoveRefused(list(problems.values()))
            self._appear_at(at or self.publish_at or timezone.now())
            self.withdrawn_at, self.withdrawal_note = None, ""

    def publish_now(self, by: User | None, note: str = "") -> None:
        """Have readers see a scheduled story at once, instead of at its time. Raises MoveRefused while an embargo holds."""
        with self._move("publish_now", by, note):
            self._appear_at(timezone.now())

    def _appear_at(self, moment: datetime.datetime) -> None:
        moment = moment.replace(microsecond=0)  # as forms have it
        if self.breaks_embargo(moment):
            raise MoveRefused(self.embargo_sentence())
        self.publish_at = moment

    def unschedule(self, by: User | None, note: str = "") -> None:
        with self._move("unschedule", by, note):
            self.publish_at = None

    def withdraw(self, by: User | None, note: str = "") -> None:
        """Take a story back. Its address answers 410 with the note, and nothing lists it any more."""
        with self._move("withdraw", by, note):
            self.withdrawn_at, self.withdrawal_note = timezone.now(), note
            # Published again one day, it is to be looked at first. Most have none: what is planned is seen on all pages.
            planned = NextVersion.objects.filter(article=self, due_at__isnull=False)
            if planned.exists():
                planned.update(due_at=None)

    def correct(
        self,
        by: User | None,
        text: str,
        kind: str = Correction.Kind.CORRECTION,
        *,
        reason: str = "",
        at: datetime.datetime | None = None,
    ) -> None:
        """Tell readers what was wrong, or that all of it was ("retraction"); the story has been updated then.

        What the same person has told them last is not told twice, for a form may be sent twice; but long afterwards, when the
        story has changed since, the same words are about another mistake.
        """
        at = at or timezone.now()
        with transaction.atomic():
            self._hold()
            last = self.corrections.last()
            if (
                last
                and (last.kind, last.text, last.made_by_id) == (kind, text, by and by.pk)
                and (at - last.made_at < SENT_AGAIN or self._is_still(CORRECTED[Correction.Kind(kind)]))
            ):
                self.record(by, reason=reason)
                return
            self._update(by, CORRECTED[Correction.Kind(kind)], reason or text, at)
            with editions.touching(*self.shown_on()):
                self.corrections.create(text=text, kind=kind, made_by=by, made_at=at)

    def _is_still(self, kind: str) -> bool:
        """Whether nothing has changed since its last version, which is of this kind."""
        current = Version.objects.current(self).select_related("text").first()
        return (
            current is not None
            and current.kind == kind
            and snapshot.is_same(snapshot.opened(current), snapshot.take(self))
        )

    def tell(
        self,
        by: User | None,
        told: str,
        correction: str = "",
        *,
        reason: str = "",
        at: datetime.datetime | None = None,
    ) -> None:
        """Tell readers what an edit was, as its editor has declared it: a NextVersion.PublishAs; they are not told of ""."""
        if told == NextVersion.PublishAs.UPDATE:
            self.mark_updated(by, reason=reason, at=at)
        elif told:
            self.correct(by, correction, told, reason=reason, at=at)

    def mark_updated(self, by: User | None, *, reason: str = "", at: datetime.datetime | None = None) -> None:
        """Say to readers that the story has really changed: they see "Updated"."""
        self._update(by, VersionKind.UPDATED, reason, at or timezone.now())

    def _update(self, by: User | None, kind: str, reason: str, at: datetime.datetime) -> None:
        if by is not None and not by.has_perm(workflow.PUBLISH):
            raise PermissionDenied(f"{by} may not correct stories.")
        with transaction.atomic():
            self._hold()
            if not self.is_public():
                raise MoveRefused("Only a story that readers can see can be updated or corrected.")
            self.updated_at = at
            self.save()
            self.record(by, kind, reason, always=True)

    def record(
        self, by: User | None, kind: str = VersionKind.SAVED, reason: str = "", *, always: bool = False
    ) -> Version | None:
        """Keep a version of what the story is now; None when nothing has changed since the last one.

        `always` keeps one all the same: for what changes what readers are told, and not the content.
        """
        content = snapshot.take(self)
        current = Version.objects.current(self).select_related("text").first()
        if current and not always and snapshot.is_same(snapshot.opened(current), content):
            if current.public_from is None:
                note_publication(self, current)
            return None
        return record(self, content, current, by=by, kind=kind, reason=reason)

    def claim(self, seen: int, mark: str = "") -> bool:
        """Whether the story still is the version that an editor has read. If so, nobody else saves until this transaction ends.

        Every save and every move makes a version: a story of that number and mark is that story, in its status and in its words.
        """
        with editions.touching():
            claimed = Article.objects.filter(pk=self.pk, version=seen).update(modified_at=timezone.now())
        return bool(claimed) and (not mark or self._was_read_as(seen, mark))

    def _was_read_as(self, seen: int, mark: str) -> bool:
        current = Version.objects.of(self).filter(number=seen).only("number", "made_at").first()
        return current is None or current.is_read_as(seen, mark)

    def restore(self, version: Version, by: User, *, seen: int, mark: str = "") -> Version | None:
        """Make the story what it was, as a new version; None when it is so already. It replaces version `seen`, of that `mark`.

        Its time stays once it is published: readers have seen it. An embargo stays in any case: it was agreed on.
        Raises MoveRefused when somebody has saved since, or when readers would be left without a text.
        """
        with transaction.atomic():
            self._hold()
            if not workflow.may_edit(self, by):
                raise PermissionDenied(f"{by} may not change this story.")
            if self.version != seen or not self._was_read_as(seen, mark):
                raise MoveRefused("Somebody has saved the story since you opened that page. Look at it again.")
            content = snapshot.opened(version) | {"embargo_until": snapshot.told(self.embargo_until)}
            if self.status not in workflow.UNPUBLISHED:
                content["publish_at"] = snapshot.told(self.publish_at)
            snapshot.put(self, content)
            if self.status == Status.PUBLISHED and (problems := self.missing_to_publish()):
                raise MoveRefused(list(problems.values()))
            return self.record(by, VersionKind.RESTORED, f"As in version {version.number}.")

    def render_again(self) -> None:
        """Make the HTML of its text anew, after a picture in it has got other words. Nothing else is written, and nothing where
        it is the same, or the story is no more.
        """  # fmt: skip
        with transaction.atomic():
            stored = Article.objects.select_for_update().filter(pk=self.pk).first()
            if stored is None:
                return
            html = body.render(stored.body, Image.objects.in_bulk(body.image_ids(stored.body)))
            if html == stored.body_html:
                return
            # It stays where it stands.
            with editions.touching(*stored.shown_in_place()):
                Article.objects.filter(pk=self.pk).update(body_html=html)
            transaction.on_commit(partial(article_changed.send_robust, sender=Article, article=stored))

    def _hold(self) -> None:
        """Lock the story until the transaction ends, and be what it is now."""
        try:
            self.refresh_from_db(from_queryset=Article.objects.select_for_update())
        except Article.DoesNotExist:
            raise MoveRefused(f"“{self}” has been deleted.") from None

    @contextmanager
    def _move(self, name: str, by: User | None, note: str) -> Iterator[None]:
        """The transaction of one move: what the verb sets within, the status, and a row in the log; or nothing at all."""
        move = MOVES[name]
        with transaction.atomic():
            # Of two people who press at once, the second waits here, and is told that it has been done.
            self._hold()
            workflow.check(self, move, by)
            before = {field: getattr(self, field) for field in self.MOVED_FIELDS}
            try:
                yield
                self.log_move(move.target, by, note)
                self.status = move.target
                self.save()
                self.record(by, VersionKind.MOVED, f"{move.label}. {note}".strip(), always=True)
            except BaseException:
                for field, value in before.items():
                    setattr(self, field, value)
                raise

    def log_move(self, to: str, by: User | None, note: str) -> None:
        self.status_changes.create(story=self.pk, from_status=self.status, to_status=to, made_by=by, note=note)
