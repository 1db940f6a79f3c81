"""The only writer of a comment's status: each change is one conditional UPDATE and exactly one row in the log."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from articles.caching import editions
from comments import notifications, thread
from comments.models import Actor, Batch, Comment, Commenter, Decision, Flag, Status, in_force
from comments.models.status import DECIDABLE, TURNED_AWAY
from comments.signals import comment_changed, comment_decided

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MODERATE = "comments.moderate_comment"
GONE = "The comment that you answer is not there any more. You can still say it as a new comment."
UNDONE_ALREADY = "This has been undone already."
UNDO_FOR = datetime.timedelta(hours=1)


class DecisionRefused(ValidationError):
    """The comment has moved on since it was looked at."""


def decide(
    comment: Comment,
    to: str,
    *,
    by: User | None,
    reason: str = "",
    note: str = "",
    batch: Batch | None = None,
    inform: bool = False,
) -> Decision:
    """Move a comment to a status, and log it, in one transaction.

    The comment passed in is what was looked at: when its status or revision in the database is another by now, nothing is
    written and DecisionRefused says what happened. Published, only the reports that were seen are settled.
    `by`: None is the system. `inform`: tell the author, with the reason.
    Raises PermissionDenied for the wrong person.
    """
    may_moderate(by)
    if to not in DECIDABLE:
        raise ValueError(f"{to!r} is not for a moderator to decide.")
    if to == comment.status:
        raise DecisionRefused(f"The comment by {comment.name} is {comment.get_status_display().lower()} already.")
    return _move(
        comment, to, by=by, made_as=Actor.MODERATOR if by else Actor.SYSTEM,
        reason=reason, note=note, batch=batch, inform=inform,
    )  # fmt: skip


def admit(comment: Comment, status: str) -> None:
    """Store a new comment as the checks would have it. Like every comment it comes as pending: what follows is logged.

    Raises DecisionRefused where the comment that it answers is not visible any more.
    """
    with transaction.atomic():
        locked: dict[int, Comment] = {}
        if answered := comment.answers_id or comment.parent_id:
            locked = thread.lock(comment, answered)
            if answered not in locked or not locked[answered].is_visible:
                raise DecisionRefused(GONE)
        comment.status = status
        with editions.touching(*([editions.of_story(comment.article_id)] if status == Status.PUBLISHED else [])):
            if status == Status.PUBLISHED:
                thread.make_room(comment, locked)
            comment.save(force_insert=True)
        decision = None
        if status != Status.PENDING:
            decision = comment.decisions.create(revision=1, from_status=Status.PENDING, to_status=status)
        tell(comment, decision)


def tell(comment: Comment, decision: Decision | None = None) -> None:
    """Write what is to be done for it into the queue, and let others hear of it.

    Jobs are rows of the same transaction: a process that is killed after it forgets none. Who hears does so after the commit, and
    robustly: what was decided stands, whoever fails to hear of it. Django logs who did.
    """
    from comments import akismet  # which decides

    akismet.note(comment)
    if decision:
        notifications.note(comment, decision)
    transaction.on_commit(partial(comment_changed.send_robust, sender=Comment, comment=comment))
    if decision:
        transaction.on_commit(partial(comment_decided.send_robust, sender=Comment, comment=comment, decision=decision))


def confirm(comment: Comment, *, by: User) -> None:
    """A moderator has read a published comment and lets it stand: reports no longer hide it, and those seen are settled.

    Where that has been said, of all that was seen, nothing is written.
    """
    may_moderate(by)
    with transaction.atomic(), editions.touching():
        seen = Comment.objects.filter(pk=comment.pk, revision=comment.revision, status=Status.PUBLISHED)
        unsaid = Q(reviewed_at=None) | Exists(_flags_of(OuterRef("pk"), Flag.Outcome.OPEN, comment.newest_report_seen))
        if not seen.filter(unsaid).update(reviewed_at=timezone.now(), reported=False, open_flags=0):
            if seen.exists():
                return
            raise moved_on(comment)
        comment.decisions.create(
            revision=comment.revision, from_status=Status.PUBLISHED, to_status=Status.PUBLISHED,
            made_by=by, made_as=Actor.MODERATOR,
        )  # fmt: skip
        _lock_guests(comment)
        _settle_flags(comment, Flag.Outcome.DISMISSED)


def hold(comment: Comment, *, note: str) -> Decision:
    """The system takes a comment back into the queue: it was reported by many, or edited."""
    return _move(comment, Status.PENDING, by=None, made_as=Actor.SYSTEM, note=note)


def awaits_a_person(comment: Comment) -> bool:
    """Whether no machine may publish it: readers have reported it, or a moderator has put it back into the queue."""
    now = Comment.objects.only("reported", "open_flags").get(pk=comment.pk)
    last = comment.decisions.order_by("-pk").first()
    return now.reported or now.open_flags > 0 or (last is not None and last.made_as == Actor.MODERATOR)


def delete_own(comment: Comment) -> Decision:
    """Its author takes it away, whatever became of it. Who the author is, the caller has made sure of."""
    return _move(comment, Status.DELETED, by=None, made_as=Actor.AUTHOR)


@dataclass
class Undone:
    """What came of undoing: how many are as they were, and why others are not."""

    count: int = 0
    refused: list[str] = field(default_factory=list)


def undo(batch: Batch, *, by: User) -> Undone:
    """Put back what one press has done, once, within UNDO_FOR, where nothing has been decided of the comment since.

    What was published and seen before is unseen again: whoever undoes has not said that it may stand. It counts, and
    teaches, what it did before. What was broken off half-way is finished by asking again.
    """
    may_moderate(by)
    undone = Undone()
    if batch.made_at <= timezone.now() - UNDO_FOR:
        undone.refused.append("It is too late: a decision can be undone for an hour.")
        return undone
    standing = Batch.objects.filter(pk=batch.pk, undone_at=None, made_by=by)
    if not standing.exists():
        undone.refused.append(UNDONE_ALREADY)
        return undone
    for decision in batch.decisions.select_related("comment").order_by("pk"):
        comment = decision.comment
        comment.status, comment.revision = decision.to_status, decision.revision
        try:
            _move(comment, decision.from_status, by=by, made_as=Actor.MODERATOR, note="Undone.", undoes=decision)
            undone.count += 1
        except DecisionRefused as refusal:
            if not _is_undone(decision):  # by a press that was broken off, or by the same in this moment
                undone.refused += refusal.messages
    # Last: each comment is claimed by its own conditional UPDATE, and a batch that is claimed first is lost with its process.
    standing.update(undone_at=timezone.now())
    if not (undone.count or undone.refused):
        undone.refused.append(UNDONE_ALREADY)
    return undone


def _is_undone(decision: Decision) -> bool:
    after = Decision.objects.filter(comment=decision.comment_id, pk__gt=decision.pk).order_by("pk").first()
    return after is not None and after.is_undo


def may_moderate(by: User | None) -> None:
    if by is not None and not by.has_perm(MODERATE):
        raise PermissionDenied(f"{by} may not moderate comments.")


def _move(
    comment: Comment, to: str, *, by: User | None, made_as: str, undoes: Decision | None = None, **said: Any
) -> Decision:
    was = comment.status
    if to == Status.PUBLISHED and not comment.body:
        raise DecisionRefused("Its text was erased: there is nothing left to publish.")
    with transaction.atomic():
        locked = thread.lock(comment)
        with editions.touching(*_pages_with(locked.get(comment.pk), was, to)):
            return _move_locked(comment, to, locked, by=by, made_as=made_as, undoes=undoes, **said)


def _pages_with(comment: Comment | None, was: str, to: str) -> list[str]:
    """The page that shows the change; none for what waits unseen, and is turned away."""
    is_seen = comment is not None and (Status.PUBLISHED in {was, to} or comment.visible_replies > 0)
    return [editions.of_story(comment.article_id)] if comment is not None and is_seen else []


def _move_locked(
    comment: Comment,
    to: str,
    locked: dict[int, Comment],
    *,
    by: User | None,
    made_as: str,
    undoes: Decision | None,
    **said: Any,
) -> Decision:
    was = comment.status
    human = made_as == Actor.MODERATOR
    as_seen = Comment.objects.filter(pk=comment.pk, revision=comment.revision, status=was)
    if to == Status.PUBLISHED:
        as_seen = as_seen.exclude(body="")
    if undoes:
        # The same status may have been reached again by another way: then it is another's decision.
        as_seen = as_seen.exclude(Exists(Decision.objects.filter(comment=OuterRef("pk"), pk__gt=undoes.pk)))
    changes: dict[str, Any] = {"status": to}
    if human:
        changes["reviewed_at"] = None if undoes else timezone.now()
    if to == Status.DELETED:
        changes["idempotency_key"] = None  # the same words can be said anew
    settles = (human and not undoes) or to == Status.DELETED
    if settles:
        changes |= {"reported": False, "open_flags": 0}
    if was == Status.DELETED or not as_seen.update(**changes):
        raise moved_on(comment)
    for name, value in changes.items():
        setattr(comment, name, value)
    decision = comment.decisions.create(
        revision=comment.revision, from_status=was, to_status=to, made_by=by, made_as=made_as,
        is_undo=undoes is not None, **said,
    )  # fmt: skip
    # Counts and places as they are by now, not as they were when the moderator looked.
    comment.refresh_from_db(fields=["ancestors", "root", "place", "published_at", "counted_as"])
    if to == Status.PUBLISHED:
        thread.appear(comment, locked)
    elif was == Status.PUBLISHED:
        thread.disappear(comment)
    if human:
        _lock_guests(comment)
        before = in_force(comment.decisions.by_people()) if undoes else None
        _count(comment, to if not undoes else before.to_status if before else "")
    if settles:
        _settle_flags(comment, _outcome(to))
    elif undoes:
        _reopen_flags(comment, _outcome(was))
    tell(comment, decision)
    return decision


def _lock_guests(comment: Comment) -> None:
    """In one order, like the rows of a thread: two guests may have reported each other."""
    flaggers = set(Flag.objects.filter(comment=comment).exclude(commenter=None).values_list("commenter", flat=True))
    if flaggers:
        thread.lock_rows(Commenter.objects.filter(pk__in=flaggers | {comment.commenter_id}))


def _count(comment: Comment, to: str) -> None:
    """A guest's standing: what people have decided (nothing: "") of the comments that were written with the cookie's proof."""
    if not (comment.commenter_id and comment.is_proved):
        return
    counts_as = Status.PUBLISHED if to == Status.PUBLISHED else Status.REJECTED if to in TURNED_AWAY else ""
    if counts_as == comment.counted_as:
        return
    counter = {Status.PUBLISHED.value: "published_count", Status.REJECTED.value: "rejected_count"}
    steps = {counter[name]: step for name, step in ((comment.counted_as, -1), (str(counts_as), 1)) if name}
    Commenter.objects.filter(pk=comment.commenter_id).update(
        **{name: thread.moved(name, step) for name, step in steps.items()}
    )
    Comment.objects.filter(pk=comment.pk).update(counted_as=counts_as)
    comment.counted_as = counts_as


def _outcome(status: str) -> Flag.Outcome:
    """What a decision says of the reports."""
    if status == Status.DELETED:
        return Flag.Outcome.MOOT  # nobody has said whether they were right
    return Flag.Outcome.DISMISSED if status == Status.PUBLISHED else Flag.Outcome.UPHELD


def _settle_flags(comment: Comment, outcome: Flag.Outcome) -> None:
    """The open reports were right or wrong, which counts for who made them.

    Wrong are only those that the moderator has seen: the others stay open.
    """
    seen = comment.newest_report_seen if outcome == Flag.Outcome.DISMISSED else None
    _turn_flags(comment, Flag.Outcome.OPEN, outcome, outcome, step=1, up_to=seen)
    if seen is not None:
        _count_open_flags(comment)


def _reopen_flags(comment: Comment, outcome: Flag.Outcome) -> None:
    """The decision on the reports is taken back, and with it what it counted for."""
    _turn_flags(comment, outcome, Flag.Outcome.OPEN, outcome, step=-1)
    _count_open_flags(comment)


def _count_open_flags(comment: Comment) -> None:
    count = Flag.objects.filter(comment=comment, outcome=Flag.Outcome.OPEN).count()
    Comment.objects.filter(pk=comment.pk).update(open_flags=count, reported=count > 0)
    comment.open_flags, comment.reported = count, count > 0


def _flags_of(comment: Comment | OuterRef, outcome: Flag.Outcome, up_to: int | None) -> QuerySet[Flag]:
    flags = Flag.objects.filter(comment=comment, outcome=outcome)
    return flags if up_to is None else flags.filter(pk__lte=up_to)


def _turn_flags(
    comment: Comment, of: Flag.Outcome, to: Flag.Outcome, counted: Flag.Outcome, *, step: int, up_to: int | None = None
) -> None:
    flags = _flags_of(comment, of, up_to)
    thread.lock_rows(flags)
    flaggers = list(flags.exclude(commenter=None).values_list("commenter", flat=True))
    flags.update(outcome=to)
    if flaggers and counted != Flag.Outcome.MOOT:
        counter = "flags_upheld" if counted == Flag.Outcome.UPHELD else "flags_dismissed"
        Commenter.objects.filter(pk__in=flaggers).update(**{counter: thread.moved(counter, step)})


def moved_on(comment: Comment) -> DecisionRefused:
    """What has happened to it since it was looked at."""
    now = Comment.objects.filter(pk=comment.pk).first()
    if now is None:
        happened = "it is gone now"
    elif now.revision != comment.revision:
        happened = f"its author has edited it, and it is {now.get_status_display().lower()} now"
    else:
        last = now.decisions.select_related("made_by").first()
        happened = f"it is {now.get_status_display().lower()} now" + (f", by {last.who}" if last else "")
    return DecisionRefused(f"The comment by {comment.name} has changed in the meantime: {happened}.")


def start_batch(by: User) -> Batch:
    return Batch.objects.create(made_by=by)


def last_batch(by: User) -> Batch | None:
    """What this moderator can undo."""
    batch = Batch.objects.filter(made_by=by).order_by("-pk").first()
    if batch is None or batch.undone_at or batch.made_at <= timezone.now() - UNDO_FOR:
        return None
    return batch if batch.decisions.exists() else None


def decide_all(comments: Iterable[Comment], to: str, *, by: User, **said: Any) -> tuple[Batch, int, list[str]]:
    """Decide many in one batch, each in a transaction of its own: (the batch, how many, why not the others)."""
    may_moderate(by)
    batch, count, refused = start_batch(by), 0, []
    for comment in comments:
        try:
            decide(comment, to, by=by, batch=batch, **said)
            count += 1
        except DecisionRefused as refusal:
            refused += refusal.messages
    if not batch.decisions.exists():
        # Nothing of it can be undone: it must not stand before the press that can.
        Batch.objects.filter(pk=batch.pk).delete()
    return batch, count, refused
