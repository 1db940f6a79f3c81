"""Laying something on whom a comment is by, and clearing away what they have written."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone

from comments.decide import decide_all, may_moderate
from comments.models import Batch, Comment, Sanction, Status
from comments.models.sanction import NETWORK_AT_MOST

if TYPE_CHECKING:
    from django.contrib.auth.models import User

#: So many of an author's comments are turned away with one press; more take another.
AT_ONCE = 500
#: Two ends that are nearer to each other are one.
APART = datetime.timedelta(minutes=1)


class Target(models.TextChoices):
    AUTHOR = "author", "The author"
    NETWORK = "network", f"Everyone in the author's network, for {NETWORK_AT_MOST.days} days at most"
    DOMAIN = "domain", "Everyone with an address of the same mail domain"


def sanction(
    comment: Comment, *, by: User, measure: str, reason: str, target: str = Target.AUTHOR,
    until: datetime.datetime | None = None,
) -> Sanction:  # fmt: skip
    """Lay a measure on whom a comment is by; the one that is laid on them already, where it says the same.

    On a network it ends within NETWORK_AT_MOST, whatever was asked for. Raises PermissionDenied, and ValidationError where it
    does not fit.
    """
    may_moderate(by)
    laid = Sanction(measure=measure, reason=reason, until=until, made_by=by)
    match target:
        case Target.NETWORK:
            latest = timezone.now() + NETWORK_AT_MOST
            laid.network, laid.until = comment.network, min(until or latest, latest)
        case Target.DOMAIN:
            laid.mail_domain = comment.commenter.mail_domain if comment.commenter else ""
        case _:
            laid.commenter, laid.user = comment.commenter, comment.author
            laid.unproved_only = comment.commenter is not None and not comment.is_proved
    laid.full_clean()
    with transaction.atomic():
        # Pressed twice in one moment, the second waits for the first.
        list(Comment.objects.select_for_update(no_key=True).filter(pk=comment.pk).values_list("pk"))
        if before := _same_as(laid):
            return before
        laid.save()
    return laid


def _same_as(laid: Sanction) -> Sanction | None:
    """One that is in force and says the same; ends are reckoned from the press, and two of them are some seconds apart."""
    fields = ("commenter", "user", "network", "mail_domain", "unproved_only", "measure", "reason")
    same = Sanction.objects.active().filter(**{name: getattr(laid, name) for name in fields})
    if laid.until is None:
        return same.filter(until=None).first()
    return same.filter(until__range=(laid.until - APART, laid.until + APART)).first()


def written_by_author_of(comment: Comment) -> QuerySet[Comment]:
    """What the same author has written and is not turned away yet: a guest who is not proved is only this browser."""
    same = Comment.objects.filter(status__in=[Status.PENDING, Status.PUBLISHED])
    if comment.author_id:
        return same.filter(author=comment.author_id)
    if comment.is_proved:
        return same.filter(commenter=comment.commenter_id, is_proved=True)
    if comment.browser:
        return same.filter(browser=comment.browser, is_proved=False, author=None)
    return same.filter(pk=comment.pk)


def reject_all_by_author_of(comment: Comment, *, by: User, reason: str) -> tuple[Batch, int, list[str]]:
    """Turn away what the same author has written, newest first, as one batch that can be undone."""
    may_moderate(by)
    return decide_all(written_by_author_of(comment).order_by("-pk")[:AT_ONCE], Status.REJECTED, by=by, reason=reason)
