"""The allowed moves of a story, as data: from which status, to which, and who may.

*Scheduled* is not a status: it is a published story whose `publish_at` lies ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from articles.models import Article


class Status(models.TextChoices):
    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


#: Statuses whose text no reader can see, or has seen last.
UNPUBLISHED = {Status.DRAFT, Status.IN_REVIEW}


@dataclass(frozen=True)
class Move:
    """One step that a story may take; `permission` is what the person who makes it must hold."""

    name: str
    label: str
    sources: frozenset[Status]
    target: Status
    permission: str
    #: True: readers must have seen the story; False: they must not; None: no matter.
    seen: bool | None = None
    #: What is said once it has been made; "": what the story is then.
    done: str = ""

    def fits(self, article: Article) -> bool:
        return article.status in self.sources and (self.seen is None or self.seen == article.was_seen())


#: Moves after which readers see a story, now or at its time: preflight looks before them.
PUBLISHES = {"publish", "publish_now"}

CHANGE, PUBLISH = "articles.change_article", "articles.publish_article"

MOVES = {
    move.name: move
    for move in (
        Move("submit", "Send to review", frozenset({Status.DRAFT}), Status.IN_REVIEW, CHANGE),
        Move("publish", "Publish", frozenset({*UNPUBLISHED, Status.WITHDRAWN}), Status.PUBLISHED, PUBLISH),
        # Published and never seen is scheduled.
        Move("publish_now", "Publish now", frozenset({Status.PUBLISHED}), Status.PUBLISHED, PUBLISH, seen=False),
        Move("return_to_draft", "Return to draft", frozenset({Status.IN_REVIEW}), Status.DRAFT, CHANGE),
        Move(
            "unschedule",
            "Take off the schedule",
            frozenset({Status.PUBLISHED}),
            Status.DRAFT,
            PUBLISH,
            seen=False,
            done="Taken off the schedule: “{story}” is a draft again.",
        ),
        Move("withdraw", "Withdraw", frozenset({Status.PUBLISHED}), Status.WITHDRAWN, PUBLISH, seen=True),
    )
}


def told(article: Article, move: Move) -> str:
    """What has become of a story that has made this move."""
    return (move.done or f"{article.state_label()}: “{{story}}”.").format(story=article)


class MoveRefused(ValidationError):
    """What was asked of a story cannot be done now; its messages say why, for people."""


def check(article: Article, move: Move, by: User | None) -> None:
    """Raise unless `by` may make this move now; None is the system itself, which may.

    Raises PermissionDenied for the person, MoveRefused for the status.
    """
    if by is not None and not (by.has_perm(move.permission) and may_edit(article, by)):
        raise PermissionDenied(f"{by} may not {move.label.lower()} this story.")
    if not move.fits(article):
        seen = ", and readers have seen it before" if article.is_scheduled() and article.was_seen() else ""
        raise MoveRefused(f"“{move.label}” is not possible: “{article}” is {article.state_label().lower()}{seen}.")


def may_edit(article: Article, user: User) -> bool:
    """Whoever can publish edits every story; a reporter edits their own until it is published."""
    return may_show(article, user) and (article.status in UNPUBLISHED or user.has_perm(PUBLISH))


def may_show(article: Article, user: User) -> bool:
    """Whether links by which they have shown the story to others still open: a reporter's own do once it is published, too."""
    return user.has_perm(CHANGE) and (user.has_perm(PUBLISH) or article.created_by_id == user.pk)


def may_see(article: Article, user: User) -> bool:
    """The same as being in `Article.objects.seen_by(user)`: nobody looks into a colleague's draft but who publishes."""
    return user.has_perm(PUBLISH) or article.created_by_id == user.pk or article.is_public()


def available(article: Article, user: User) -> list[Move]:
    """The moves that this person can make with this story now, in the order in which a desk thinks of them."""
    return [
        move
        for move in MOVES.values()
        if move.fits(article) and user.has_perm(move.permission) and may_edit(article, user)
    ]
