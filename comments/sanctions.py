"""Laying something on whom a comment is by, and clearing away what they have written."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import QuerySet

from comments.decide import decide_all, may_moderate
from comments.models import Batch, Comment, Sanction, Status

if TYPE_CHECKING:
    from django.contrib.auth.models import User

#: So many of an author's comments are turned away with one press; more take another.
AT_ONCE = 500


class Target(models.TextChoices):
    AUTHOR = "author", "The author"
    NETWORK = "network", "Everyone in the author's network, for 30 days at most"
    DOMAIN = "domain", "Everyone with an address of the same mail domain"


def sanction(
    comment: Comment, *, by: User, measure: str, reason: str, target: str = Target.AUTHOR,
    until: datetime.datetime | None = None,
) -> Sanction:  # fmt: skip
    """Lay a measure on whom a comment is by. Raises PermissionDenied, and ValidationError where it does not fit."""
    may_moderate(by)
    laid = Sanction(measure=measure, reason=reason, until=until, made_by=by)
    match target:
        case Target.NETWORK:
            laid.network = comment.network
        case Target.DOMAIN:
            laid.mail_domain = comment.commenter.mail_domain if comment.commenter else ""
        case _:
            laid.commenter, laid.user = comment.commenter, comment.author
            laid.unproved_only = comment.commenter is not None and not comment.is_proved
    laid.full_clean()
    laid.save()
    return laid


def written_by_author_of(comment: Comment) -> QuerySet[Comment]:
    """What the same author has written and is not turned away yet: a guest who is not proved is only this browser."""
    same = Comment.objects.filter(status__in=[Status.PENDING, Status.PUBLISHED])
    if comment.author_id:
        return same.filter(author=comment.author_id)
    if comment.is_proved:
        return same.filter(commenter=comment.commenter_id, is_proved=True)
    if comment.browser:
        return same.filter(browser=comment.browser)
    return same.filter(pk=comment.pk)


def reject_all_by_author_of(comment: Comment, *, by: User, reason: str) -> tuple[Batch, int, list[str]]:
    """Turn away what the same author has written, newest first, as one batch that can be undone."""
    may_moderate(by)
    return decide_all(written_by_author_of(comment).order_by("-pk")[:AT_ONCE], Status.REJECTED, by=by, reason=reason)
