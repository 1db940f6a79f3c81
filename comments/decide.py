"""The only writer of a comment's status."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from comments.models import Comment, Decision, Status
from comments.models.status import DECIDABLE
from comments.signals import comment_changed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MODERATE = "comments.moderate_comment"


class DecisionRefused(ValidationError):
    """The comment has moved on since the moderator looked at it."""


def decide(comment: Comment, to: str, *, by: User | None, reason: str = "", note: str = "") -> Decision:
    """Move a comment to a status, and log it, in one transaction.

    The comment passed in is what was looked at: when its status or revision in the database is another by now, nothing is
    written and DecisionRefused says what happened. `by`: None is the system. Raises PermissionDenied for the wrong person.
    """
    if by is not None and not by.has_perm(MODERATE):
        raise PermissionDenied(f"{by} may not moderate comments.")
    if to not in DECIDABLE:
        raise ValueError(f"{to!r} is not for a moderator to decide.")
    if to == comment.status:
        raise DecisionRefused(f"The comment by {comment.name} is {comment.get_status_display().lower()} already.")
    with transaction.atomic():
        as_seen = Comment.objects.filter(pk=comment.pk, revision=comment.revision, status=comment.status)
        if comment.status == Status.DELETED or not as_seen.update(status=to):
            now = Comment.objects.filter(pk=comment.pk).first()
            state = now.get_status_display().lower() if now else "gone"
            raise DecisionRefused(f"The comment by {comment.name} has changed in the meantime: it is {state} now.")
        decision = comment.decisions.create(
            revision=comment.revision, from_status=comment.status, to_status=to, made_by=by, reason=reason, note=note
        )
        comment.status = Status(to)
        transaction.on_commit(partial(comment_changed.send, sender=Comment, comment=comment))
    return decision
