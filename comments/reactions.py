"""Likes and reports: what other readers think of a comment."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from articles.caching import editions
from articles.clocks import lately
from comments import thread
from comments.decide import DecisionRefused, hold, moved_on
from comments.identity import Reader
from comments.keyed import keyed_hash
from comments.limits import is_too_often
from comments.models import Comment, Flag, Like, Sanction, Status

#: So many people, and so much weight, take a comment that no moderator has read back into the queue.
#: Guests of one line count once, as the strongest of them: one reader can confirm any number of addresses.
PEOPLE_TO_HIDE, WEIGHT_TO_HIDE = 3, 2.0
DAY, COUNTED_FOR = datetime.timedelta(days=1), datetime.timedelta(days=30)
FLAGS_A_DAY = 30
BATCH = 500
LIKES_AN_HOUR = 100  # from one network: a program that throws its cookie away is a new browser each time


class ReactionRefused(ValidationError):
    """It is not counted, and why: for the reader."""


def toggle_like(comment: Comment, reader: Reader) -> bool:
    """Like it, or take that back; whether it is liked now. One per browser: that is all the number says."""
    _refuse_silenced(reader, "like comments")
    if is_too_often("likes", reader.network, an_hour=LIKES_AN_HOUR):
        raise ReactionRefused("That was a lot of liking for one hour. Please come back later.")
    of_browser = keyed_hash("like", reader.browser_id)
    person = _person_under(comment.pk, of_browser)
    with transaction.atomic(), editions.touching(editions.of_story(comment.article_id)):
        # The version before wrote the one hash, and its servers do while they are replaced.
        if gone := Like.objects.filter(comment=comment, person__in=[person, of_browser]).delete()[0]:
            step, liked = -gone, False
        else:
            try:
                with transaction.atomic():
                    Like.objects.create(comment=comment, person=person)
            except IntegrityError:  # the same press twice in one moment
                return True
            step, liked = 1, True
        Comment.objects.filter(pk=comment.pk).update(likes=thread.moved("likes", step))
    comment.refresh_from_db(fields=["likes"])
    return liked


def _person_under(comment: int, of_browser: str) -> str:
    """A browser's hash under a comment: one hash in all rows would be the history of a browser."""
    return "by " + keyed_hash("like", f"{comment} {of_browser}")[:29]


def tell_likes_apart(old: Q, progress: Callable[[int], None]) -> int:
    """Of these likes, what the version before wrote gets the hash under its comment; how many. Younger rows keep theirs: while
    servers are replaced, or after going back, that version finds them."""
    after, told = 0, 0
    raw = Like.objects.filter(old).exclude(person__startswith="by ").order_by("pk")
    while likes := list(raw.filter(pk__gt=after)[:BATCH]):
        after = likes[-1].pk
        for like in likes:
            like.person = _person_under(like.comment_id, like.person)
        try:
            with transaction.atomic(), editions.touching():
                Like.objects.bulk_update(likes, ["person"])
        except IntegrityError:
            for like in likes:
                _tell_apart(like)
        told += len(likes)
        progress(len(likes))
    return told


def _tell_apart(like: Like) -> None:
    try:
        with transaction.atomic(), editions.touching():
            Like.objects.filter(pk=like.pk).update(person=like.person)
    except IntegrityError:  # a browser that two versions have counted
        with transaction.atomic(), editions.touching(editions.of_story(like.comment.article_id)):
            gone = Like.objects.filter(pk=like.pk).delete()[0]
            Comment.objects.filter(pk=like.comment_id).update(likes=thread.moved("likes", -gone))


def _refuse_silenced(reader: Reader, act: str) -> None:
    """Who may not write has no say on what others write."""
    user_id = reader.user.pk if reader.user else None
    for sanction in Sanction.objects.against(proved=reader.commenter, user_id=user_id, network=reader.network):
        if sanction.silences:
            raise ReactionRefused(sanction.refusal_to(act))


def weight_of(reader: Reader) -> float:
    """How much a report counts, from 0.1 to 2: by how often a moderator found this person right before."""
    if reader.user:
        return 2.0
    if guest := reader.commenter:
        right = (guest.flags_upheld + 1) / (guest.flags_upheld + guest.flags_dismissed + 2)
        return min(2.0, max(0.1, 2 * right))
    return 0.5


def flag(comment: Comment, reader: Reader, *, why: str, words: str = "") -> None:
    """Report a comment, once per person. Raises ReactionRefused for who may not, or has reported a great many today."""
    _refuse_silenced(reader, "report comments")
    if reader.owns(comment):
        raise ReactionRefused("This is your own comment. You can delete it on the page “Your comments”.")
    theirs = Flag.objects.filter(lately("created_at", DAY, timezone.now()), person=reader.person)
    if theirs[:FLAGS_A_DAY].count() >= FLAGS_A_DAY:
        raise ReactionRefused("That was a lot for one day. Please write to the newsroom instead.")
    try:
        with transaction.atomic(), editions.touching():
            # First, and only while it is not turned away: a decision comes before, or settles this report with the others.
            open_to_reports = Comment.objects.filter(pk=comment.pk, status__in=[Status.PUBLISHED, Status.PENDING])
            if not open_to_reports.update(reported=True, open_flags=F("open_flags") + 1):
                raise ReactionRefused("This comment is not there any more.")
            Flag.objects.create(
                comment=comment, person=reader.person, network=reader.line or reader.network,
                commenter=reader.commenter, user=reader.user, why=why, words=words, weight=weight_of(reader),
            )  # fmt: skip
    except IntegrityError:
        return  # they have said so before
    _hide_if_many(comment)


def _hide_if_many(comment: Comment) -> None:
    """A comment that a moderator has read is never hidden by reports: people have decided it."""
    comment.refresh_from_db()
    if comment.reviewed_at is not None or comment.status != Status.PUBLISHED or comment.is_staff:
        return
    weights: dict[str, float] = {}
    # Older ones have been told apart by networks that are forgotten.
    for report in comment.flags.filter(lately("created_at", COUNTED_FOR, timezone.now()), outcome=Flag.Outcome.OPEN):
        whose = report.person if report.user_id else report.network or report.person
        weights[whose] = max(report.weight, weights.get(whose, 0))
    if len(weights) >= PEOPLE_TO_HIDE and sum(weights.values()) >= WEIGHT_TO_HIDE:
        try:
            hold(comment, note=f"Reported by {len(weights)} readers.")
        except DecisionRefused:  # a moderator was quicker
            return


def pick(comment: Comment, *, by, picked: bool) -> None:
    """Mark a published comment as an editor's pick, or take that back. The comment passed in is what was looked at.

    Raises PermissionDenied, and DecisionRefused where it says something else by now, or is not published.
    """
    if not by.has_perm("comments.pick_comment"):
        raise PermissionDenied(f"{by} may not pick comments.")
    with editions.touching(editions.of_story(comment.article_id)):
        as_seen = Comment.objects.visible().filter(pk=comment.pk, revision=comment.revision)
        if not as_seen.update(picked_at=timezone.now() if picked else None):
            raise moved_on(comment)
    comment.refresh_from_db(fields=["picked_at"])
