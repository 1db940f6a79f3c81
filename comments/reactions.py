"""Likes and reports: what other readers think of a comment."""

from __future__ import annotations

import datetime

from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, F, Sum
from django.utils import timezone

from comments.decide import DecisionRefused, hold
from comments.identity import Reader
from comments.keyed import keyed_hash
from comments.models import Comment, Flag, Like, Status

#: So many people, and so much weight, take a comment that no moderator has read back into the queue.
PEOPLE_TO_HIDE, WEIGHT_TO_HIDE = 3, 2.0
DAY = datetime.timedelta(days=1)
FLAGS_A_DAY = 30
LIKES_AN_HOUR = 100  # from one network: a program that throws its cookie away is a new browser each time


class ReactionRefused(ValidationError):
    """It is not counted, and why: for the reader."""


def toggle_like(comment: Comment, reader: Reader) -> bool:
    """Like it, or take that back; whether it is liked now. One per browser: that is all the number says."""
    counter = f"comments.likes.{reader.network}.{timezone.now():%Y%m%d%H}"
    cache.add(counter, 0, 3600)
    if _incremented(counter) > LIKES_AN_HOUR:
        raise ReactionRefused("That was a lot of liking for one hour. Please come back later.")
    person = keyed_hash("like", reader.browser_id)
    with transaction.atomic():
        if Like.objects.filter(comment=comment, person=person).delete()[0]:
            step, liked = -1, False
        else:
            try:
                with transaction.atomic():
                    Like.objects.create(comment=comment, person=person)
            except IntegrityError:  # the same press twice in one moment
                return True
            step, liked = 1, True
        Comment.objects.filter(pk=comment.pk).update(likes=F("likes") + step)
    comment.refresh_from_db(fields=["likes"])
    return liked


def _incremented(counter: str) -> int:
    try:
        return cache.incr(counter)
    except ValueError:  # it has expired between two lines, or the cache is down: liking goes on
        return 0


def weight_of(reader: Reader) -> float:
    """How much a report counts, from 0.1 to 2: by how often a moderator found this person right before."""
    if reader.user:
        return 2.0
    if guest := reader.commenter:
        right = (guest.flags_upheld + 1) / (guest.flags_upheld + guest.flags_dismissed + 2)
        return min(2.0, max(0.1, 2 * right))
    return 0.5


def flag(comment: Comment, reader: Reader, *, why: str, words: str = "") -> None:
    """Report a comment, once per person. Raises ReactionRefused for who has reported a great many today."""
    if (
        Flag.objects.filter(person=reader.person, created_at__gt=timezone.now() - DAY)[:FLAGS_A_DAY].count()
        >= FLAGS_A_DAY
    ):
        raise ReactionRefused("That was a lot for one day. Please write to the newsroom instead.")
    try:
        with transaction.atomic():
            Flag.objects.create(
                comment=comment, person=reader.person, commenter=reader.commenter, user=reader.user, why=why,
                words=words, weight=weight_of(reader),
            )  # fmt: skip
            Comment.objects.filter(pk=comment.pk).update(reported=True, open_flags=F("open_flags") + 1)
    except IntegrityError:
        return  # they have said so before
    _hide_if_many(comment)


def _hide_if_many(comment: Comment) -> None:
    """A comment that a moderator has read is never hidden by reports: people have decided it."""
    comment.refresh_from_db()
    if comment.reviewed_at is not None or comment.status != Status.PUBLISHED or comment.is_staff:
        return
    reports = comment.flags.filter(outcome=Flag.Outcome.OPEN).aggregate(people=Count("pk"), weight=Sum("weight"))
    if reports["people"] >= PEOPLE_TO_HIDE and reports["weight"] >= WEIGHT_TO_HIDE:
        try:
            hold(comment, note=f"Reported by {reports['people']} readers.")
        except DecisionRefused:  # a moderator was quicker
            return


def pick(comment: Comment, *, by, picked: bool) -> None:
    """Mark a published comment as an editor's pick, or take that back. Raises PermissionDenied."""
    if not by.has_perm("comments.pick_comment"):
        raise PermissionDenied(f"{by} may not pick comments.")
    Comment.objects.visible().filter(pk=comment.pk).update(picked_at=timezone.now() if picked else None)
    comment.refresh_from_db(fields=["picked_at"])
