from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from comments import text
from comments.folding import fold
from comments.models.commenter import Commenter
from comments.models.status import TURNED_AWAY, Status

if TYPE_CHECKING:
    from articles.models import Article

MIN_LENGTH, MAX_LENGTH, MAX_NAME_LENGTH = 2, 5_000, 60
#: Levels of a thread, the root included: what answers the deepest stands beside it, and names whom it answers.
MAX_DEPTH = 5


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible(self) -> CommentQuerySet:
        """What every reader can read."""
        return self.filter(status=Status.PUBLISHED)

    def listed(self) -> CommentQuerySet:
        """What stands in a thread: the visible, and the place of one that is gone while replies hang on it."""
        # Literals, not parameters: the partial indexes are used for nothing less.
        return self.filter(listed=True)

    def roots(self) -> CommentQuerySet:
        return self.filter(root__isnull=True)

    def on(self, article: Article) -> CommentQuerySet:
        return self.filter(article=article)


class Comment(models.Model):
    """What a reader or one of the staff says under a story. `decide` alone writes its status, `thread` its place."""

    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="comments", db_index=False)
    # Where it hangs, and the beginning of its thread; both empty for a beginning.
    parent = models.ForeignKey("self", null=True, editable=False, on_delete=models.CASCADE, related_name="replies")
    root = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.CASCADE, related_name="thread", db_index=False
    )
    # Whom it answers, where that is not the parent: replies to the deepest level hang on the level above.
    answers = models.ForeignKey("self", null=True, editable=False, on_delete=models.SET_NULL, related_name="+")
    # The numbers of all comments above it, from the root down: at most MAX_DEPTH - 1.
    ancestors = models.JSONField(default=list, editable=False)
    depth = models.PositiveSmallIntegerField(default=0, editable=False)

    # Who: a guest, or one of the staff.
    commenter = models.ForeignKey(
        Commenter, null=True, on_delete=models.PROTECT, related_name="comments", db_index=False
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="comments", editable=False
    )
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    # Whether the browser that sent it had proved to be the guest's. What only a typed address says is never trusted.
    is_proved = models.BooleanField("address confirmed", default=False, editable=False)
    # Keyed hashes of the browser's cookie and of the network, erased after privacy.FORGET_HASHES.
    browser = models.CharField(max_length=32, blank=True, editable=False)
    network = models.CharField(max_length=32, blank=True, editable=False)
    wants_replies = models.BooleanField("mail about replies", default=False, editable=False)

    body = models.TextField()
    body_html = models.TextField(editable=False)
    # Of the cleaned text.
    body_hash = models.CharField(max_length=64, editable=False)
    # The same for the same press, however often it is sent: see `post.key_of`. Empty for what is deleted or long past.
    idempotency_key = models.CharField(max_length=32, null=True, editable=False)  # noqa: DJ001 (many have none)
    revision = models.PositiveIntegerField(default=1, editable=False)

    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, editable=False)
    findings = models.JSONField(default=list, editable=False, help_text="Why it waits, in the words of the checks.")
    score = models.FloatField(
        null=True, editable=False, help_text="From 0, like what is published, to 1, like what is not."
    )
    learned = models.CharField(
        max_length=4, blank=True, editable=False, help_text="As what the classifier has learned it."
    )
    counted_as = models.CharField(
        max_length=10, blank=True, editable=False, help_text="What it adds to its guest's standing."
    )
    reviewed_at = models.DateTimeField("seen by a moderator", null=True, editable=False)
    reported = models.BooleanField("has open reports", default=False, editable=False)
    open_flags = models.PositiveIntegerField("open reports", default=0, editable=False)

    listed = models.BooleanField(default=False, editable=False)
    visible_replies = models.PositiveIntegerField(
        default=0, editable=False, help_text="Published, at any depth below it."
    )
    # In which order the replies of a thread were first listed; a root counts how many there have been.
    place = models.PositiveIntegerField(null=True, editable=False)
    places = models.PositiveIntegerField(default=0, editable=False)
    likes = models.PositiveIntegerField(default=0, editable=False)
    picked_at = models.DateTimeField("editor's pick", null=True, editable=False)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    # When whom it answers was written to: once, whatever becomes of it later.
    notified_at = models.DateTimeField(null=True, editable=False)

    objects = CommentQuerySet.as_manager()

    #: The number of the newest open report that a moderator had before them; None: whatever there is.
    newest_report_seen: int | None = None

    class Meta:
        permissions = [
            ("moderate_comment", "Can approve and reject comments"),
            ("pick_comment", "Can pick comments out for readers"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["idempotency_key"], name="comment_is_said_once"),
            models.CheckConstraint(
                condition=Q(commenter__isnull=False, author__isnull=True) | Q(commenter__isnull=True, author__isnull=False),
                name="comment_has_one_author",
            ),
        ]  # fmt: skip
        indexes = [
            # A story's thread: beginnings by time and by liking, replies by place.
            models.Index("article", F("id").desc(), name="comment_roots",
                         condition=Q(listed=True, root__isnull=True)),
            models.Index("article", F("likes").desc(), F("id").desc(), name="comment_roots_liked",
                         condition=Q(listed=True, root__isnull=True)),
            models.Index("root", "place", name="comment_thread_replies", condition=Q(listed=True)),
            models.Index("root", name="comment_root"),
            # Feeds: what was published last.
            models.Index("article", F("published_at").desc(), F("id").desc(), name="comment_story_feed",
                         condition=Q(listed=True)),
            models.Index(F("published_at").desc(), F("id").desc(), name="comment_site_feed", condition=Q(listed=True)),
            # The moderators' queue.
            models.Index("status", "created_at", "id", name="comment_queue"),
            models.Index("status", "created_at", "id", name="comment_unreviewed", condition=Q(reviewed_at__isnull=True)),
            models.Index("created_at", "id", name="comment_reported", condition=Q(reported=True)),
            models.Index("created_at", "id", name="comment_time"),
            # The same for one story.
            models.Index("article", F("created_at").desc(), F("id").desc(), name="comment_of_story"),
            models.Index("article", "status", "created_at", "id", name="comment_story_queue"),
            # Who it was, and what was said before.
            models.Index("commenter", "created_at", "id", name="comment_of_guest"),
            models.Index("network", "created_at", "id", name="comment_of_network"),
            models.Index("browser", "id", name="comment_of_browser"),
            models.Index("body_hash", "created_at", name="comment_same_text"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.name}: {self.body[:60]}"

    def derive(self) -> None:
        """What is made of the text once, so that reading has nothing left to do."""
        self.body_html = text.to_html(self.body)
        self.body_hash = hash_of_words(self.body)

    def save(self, *args, **kwargs):
        self.derive()
        super().save(*args, **kwargs)

    @property
    def is_staff(self) -> bool:
        return self.author_id is not None

    @property
    def is_visible(self) -> bool:
        return self.status == Status.PUBLISHED

    @property
    def status_for_its_author(self) -> Status:
        """What became of it, as its author is told. That a machine turned it away is the moderators' to know."""
        if self.status in TURNED_AWAY:
            return Status.REJECTED if self.reviewed_at else Status.PENDING
        return Status(self.status)

    @property
    def state_for_its_author(self) -> str:
        """The same in words."""
        told = {Status.PENDING: "Waits for a moderator", Status.PUBLISHED: "Published"}
        return told.get(self.status_for_its_author, "Not published")

    def get_absolute_url(self) -> str:
        """A permalink: it leads to the page of the thread that the comment stands on, wherever that is by then."""
        return reverse("comment", args=[self.pk])


def hash_of(body: str) -> str:
    return hashlib.sha256(" ".join(body.split()).encode()).hexdigest()


def hash_of_words(body: str) -> str:
    """The same for texts that fold to the same letters and digits, whatever their spaces; of signs alone, for the same signs."""
    return hash_of(fold(body).replace(" ", "") or body)


class Revision(models.Model):
    """A text that was edited since: what stood there, until when."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["comment", "number"], name="revision_is_kept_once")]

    def __str__(self) -> str:
        return f"revision {self.number}"
