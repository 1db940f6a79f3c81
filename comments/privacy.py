"""What is known of a reader: told, erased on request, and forgotten in time."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from comments.classifier import learn
from comments.decide import DecisionRefused, delete_own
from comments.keyed import keyed_hash
from comments.models import Comment, Commenter, Decision, Flag, Status, WordCount
from comments.models.commenter import normal_email
from comments.models.status import TURNED_AWAY

FORMER_NAME = "Former reader"
#: After so long: hashes of networks and browsers, and texts their authors deleted.
FORGET_HASHES = datetime.timedelta(days=30)
FORGET_DELETED = datetime.timedelta(days=30)
BATCH = 500


def guest_of(email: str) -> Commenter | None:
    return Commenter.objects.filter(email_hash=keyed_hash("email", normal_email(email))).first()


def export(guest: Commenter) -> dict[str, Any]:
    """Everything that is kept of a guest, as plain data. What moderators note for each other is theirs, and not in it."""
    return {
        "email": guest.email,
        "confirmed_at": _told(guest.verified_at),
        "known_since": _told(guest.created_at),
        "wants_mail": guest.wants_mail,
        "approved_comments": guest.published_count,
        "rejected_comments": guest.rejected_count,
        "comments": [
            {
                "number": comment.pk,
                "story": comment.article.get_absolute_url(),
                "name": comment.name,
                "text": comment.body,
                "earlier_texts": [revision.body for revision in comment.revisions.all()],
                "status": comment.get_status_display(),
                "address_was_confirmed": comment.is_proved,
                "written_at": _told(comment.created_at),
                "decisions": [
                    {"at": _told(d.made_at), "to": d.get_to_status_display(), "reason": d.get_reason_display()}
                    for d in comment.decisions.all()
                ],
            }
            for comment in guest.comments.select_related("article")
            .prefetch_related("revisions", "decisions")
            .order_by("pk")  # type: ignore[attr-defined]
        ],
        "reports": [
            {
                "comment": flag.comment_id,
                "why": flag.get_why_display(),
                "words": flag.words,
                "at": _told(flag.created_at),
            }
            for flag in guest.flags.order_by("pk")  # type: ignore[attr-defined]
        ],
        "sanctions": [
            {"measure": s.get_measure_display(), "reason": s.reason, "from": _told(s.made_at), "until": _told(s.until)}
            for s in guest.sanctions.order_by("pk")  # type: ignore[attr-defined]
        ],
    }


def _told(moment: datetime.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def erase(guest: Commenter, *, keep_comments: bool) -> int:
    """Make a guest nobody: address, names, notes, reports' words; with `keep_comments` false the texts, too.

    What was published and deleted leaves its place while others' replies hang on it. Cookies and links end. Done again
    after it was broken off, it goes on. Returns how many comments it has touched.
    """
    Commenter.objects.filter(pk=guest.pk).update(
        email="", email_hash=keyed_hash("erased", secrets.token_hex(16)), verified_at=None, wants_mail=False,
        token_version=F("token_version") + 1,
    )  # fmt: skip
    guest.notes.all().delete()  # type: ignore[attr-defined]
    guest.sanctions.all().delete()  # type: ignore[attr-defined]
    for flag in Flag.objects.filter(commenter=guest):
        Flag.objects.filter(pk=flag.pk).update(words="", person=_nobody())
    touched = 0
    for comment in guest.comments.order_by("pk").iterator(chunk_size=BATCH):  # type: ignore[attr-defined]
        with transaction.atomic():
            if not keep_comments:
                if comment.status != Status.DELETED:
                    try:
                        delete_own(comment)
                    except DecisionRefused:
                        delete_own(Comment.objects.get(pk=comment.pk))
                forget_text(comment)
            Comment.objects.filter(pk=comment.pk).update(
                name=FORMER_NAME, network="", browser="", wants_replies=False, is_proved=False
            )
            touched += 1
    return touched


def forget_text(comment: Comment) -> None:
    """Take the words of a comment out of the database, wherever they are."""
    learn(comment, "")
    WordCount.objects.filter(good=0, bad=0).delete()
    Comment.objects.filter(pk=comment.pk).update(
        name=FORMER_NAME, body="", body_html="", body_hash=secrets.token_hex(32), findings=[], score=None
    )
    comment.revisions.all().delete()  # type: ignore[attr-defined]
    Decision.objects.filter(comment=comment).exclude(note="").update(note="")
    Flag.objects.filter(comment=comment).exclude(words="").update(words="")


def _nobody() -> str:
    return secrets.token_hex(16)


def forget_in_time(
    now: datetime.datetime | None = None, progress: Callable[[int], None] = lambda rows: None
) -> dict[str, int]:
    """What is older than it is kept: hashes, and the texts of the deleted and of those turned away. In batches; can be repeated."""
    now = now or timezone.now()
    old = now - FORGET_HASHES
    done = {"hashes": 0, "reports": 0, "deleted texts": 0, "texts turned away": 0}
    # The indexes begin with the hash: what has been forgotten is not looked at again.
    for which in ({"browser__gt": ""}, {"network__gt": ""}):
        for rows in _batches(Comment.objects.filter(**which, created_at__lt=old)):
            done["hashes"] += Comment.objects.filter(pk__in=rows).update(network="", browser="")
            progress(len(rows))
    for rows in _batches(Flag.objects.filter(created_at__lt=old).exclude(person__startswith="was ")):
        for pk in rows:
            Flag.objects.filter(pk=pk).update(person=f"was {pk}", words="")
        done["reports"] += len(rows)
        progress(len(rows))
    for name, statuses, kept in (
        ("deleted texts", [Status.DELETED], FORGET_DELETED),
        ("texts turned away", TURNED_AWAY, datetime.timedelta(days=settings.COMMENT_REJECTED_DAYS)),
    ):
        for rows in _batches(Comment.objects.filter(status__in=statuses, created_at__lt=now - kept).exclude(body="")):
            for comment in Comment.objects.filter(pk__in=rows):
                with transaction.atomic():
                    forget_text(comment)
            done[name] += len(rows)
            progress(len(rows))
    return done


def _batches(rows: QuerySet):
    """Numbers, BATCH at a time, of rows that are not found again once they are done."""
    while found := list(rows.values_list("pk", flat=True)[:BATCH]):
        yield found
