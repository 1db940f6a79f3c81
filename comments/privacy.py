"""What is known of a reader: told, erased on request, and forgotten in time."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from articles.caching import editions
from articles.clocks import lately, long_ago
from comments import thread
from comments.classifier import drop_unused, learn
from comments.decide import delete_own, tell
from comments.keyed import keyed_hash
from comments.models import Comment, Commenter, Decision, Flag, Sanction, Status
from comments.models.commenter import new_version, normal_email
from comments.models.sanction import NETWORK_AT_MOST
from comments.models.status import TURNED_AWAY
from comments.reactions import tell_likes_apart
from comments.signals import guest_erased, guest_exported

FORMER_NAME = "Former reader"
#: After so long: hashes of networks and browsers, addresses that were only typed, and texts their authors deleted.
FORGET_HASHES = NETWORK_AT_MOST
FORGET_DELETED = datetime.timedelta(days=30)
BATCH = 500


def guest_of(email: str) -> Commenter | None:
    """The guest with this address, who need not have confirmed it."""
    email = normal_email(email)
    if not email:
        return None  # what those have who were erased
    # The address itself, too: its hash is another one where PRIVACY_KEY was changed.
    known = Commenter.objects.filter(Q(email_hash=keyed_hash("email", email)) | Q(email=email))
    return known.order_by("pk").first()


def export(guest: Commenter) -> dict[str, Any]:
    """Everything that is kept of a guest, as plain data. What moderators note for each other is theirs, and not in it."""
    guest_exported.send(sender=Commenter, guest=guest.pk)
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
            .order_by("pk")
        ],
        "reports": [
            {
                "comment": flag.comment_id,
                "why": flag.get_why_display(),
                "words": flag.words,
                "at": _told(flag.created_at),
            }
            for flag in guest.flags.order_by("pk")
        ],
        "sanctions": [
            {"measure": s.get_measure_display(), "reason": s.reason, "from": _told(s.made_at), "until": _told(s.until)}
            for s in guest.sanctions.order_by("pk")
        ],
    }


def _told(moment: datetime.datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def erase(guest: Commenter, *, keep_comments: bool) -> int:
    """Make a guest nobody: address, names, notes, reports' words; with `keep_comments` false the texts, too.

    Deleted comments leave their place while others' replies hang on it; with `keep_comments` only what is published stays.
    Who is banned stays so: the address is known again by its hash, and by nothing else, until 30 days after the ban.
    Cookies and links end first and the address goes last: what was broken off half-way is found by it, and finished by
    asking again. Returns how many comments it has touched.
    """
    guest.forget_browsers()
    Commenter.objects.filter(pk=guest.pk).update(wants_mail=False)
    touched = _erase_comments(guest, keep=keep_comments)
    with transaction.atomic():
        guest.notes.all().delete()
        silenced = [sanction.pk for sanction in guest.sanctions.active() if sanction.silences]
        guest.sanctions.exclude(pk__in=silenced).delete()
        for flag in Flag.objects.filter(commenter=guest):
            Flag.objects.filter(pk=flag.pk).update(words="", network="", person=_nobody())
        Commenter.objects.filter(pk=guest.pk).update(
            email="", email_hash=keyed_hash("erased", secrets.token_hex(16)), verified_at=None, link_sent_at=None,
            token_version=new_version(),  # letters may have been sent while this went on
        )  # fmt: skip
        if silenced:
            # A row of its own: what stays under no name hangs on the other.
            email_hash = keyed_hash("email", guest.email) if guest.email else guest.email_hash
            banned, _ = Commenter.objects.get_or_create(email_hash=email_hash)
            Sanction.objects.filter(pk__in=silenced).update(commenter=banned)
    guest_erased.send(sender=Commenter, guest=guest.pk)
    # What was sent while this went on.
    return touched + _erase_comments(guest, keep=keep_comments)


def _erase_comments(guest: Commenter, *, keep: bool) -> int:
    touched = 0
    erased = Q(name=FORMER_NAME, browser="", network="", is_proved=False)
    theirs = guest.comments.exclude(erased if keep else erased & Q(body=""))
    for pk in list(theirs.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            # Locked until it is done: a moderator's decision comes before or after, and neither is lost.
            thread.lock(Comment.objects.only("ancestors").get(pk=pk))
            comment = Comment.objects.get(pk=pk)
            with editions.touching(*([editions.of_story(comment.article_id)] if comment.listed else [])):
                if not (keep and comment.status == Status.PUBLISHED):
                    if comment.status != Status.DELETED:
                        delete_own(comment)
                    forget_text(comment)
                _forget_history(comment)
                Comment.objects.filter(pk=pk).update(
                    name=FORMER_NAME, network="", browser="", idempotency_key=None, wants_replies=False,
                    is_proved=False, findings=[],
                )  # fmt: skip
            tell(comment)
        touched += 1
    return touched


def forget_text(comment: Comment) -> None:
    """Take the words of a comment out of the database, wherever they are."""
    learn(comment, "")
    drop_unused(comment.body)
    Comment.objects.filter(pk=comment.pk).update(
        name=FORMER_NAME, body="", body_html="", body_hash=secrets.token_hex(32), idempotency_key=None, findings=[],
        score=None,
    )  # fmt: skip
    _forget_history(comment)
    Flag.objects.filter(comment=comment).exclude(words="").update(words="")


def _forget_history(comment: Comment) -> None:
    """What it said before, and what moderators noted of it: that it was decided, and when, stays."""
    drop_unused(*comment.revisions.values_list("body", flat=True))
    comment.revisions.all().delete()
    Decision.objects.filter(comment=comment).exclude(note="").update(note="")


def _nobody() -> str:
    return secrets.token_hex(16)


def forget_in_time(
    now: datetime.datetime | None = None, progress: Callable[[int], None] = lambda rows: None
) -> dict[str, int]:
    """What is older than it is kept: hashes, addresses that nobody has confirmed, and the texts of the deleted and of those
    turned away. In batches; can be repeated."""
    now = now or timezone.now()
    old = long_ago("created_at", FORGET_HASHES, now)
    done = dict.fromkeys(("hashes", "reports", "deleted texts", "texts turned away"), 0)
    # The indexes begin with the hash: what has been forgotten is not looked at again.
    for which in ({"browser__gt": ""}, {"network__gt": ""}):
        for rows in _batches(Comment.objects.filter(old, **which)):
            with transaction.atomic(), editions.touching():
                comments = Comment.objects.filter(pk__in=rows)
                thread.lock_rows(comments)
                done["hashes"] += comments.update(network="", browser="", idempotency_key=None)
            progress(len(rows))
    # A guest or an account is known by its row and reports once for ever; who was only a network is forgotten.
    stranger = Q(commenter=None, user=None) & ~Q(person__startswith="was ")
    for rows in _batches(Flag.objects.filter(old, stranger | Q(network__gt="") | Q(words__gt=""))):
        for pk in Flag.objects.filter(stranger, pk__in=rows).values_list("pk", flat=True):
            Flag.objects.filter(pk=pk).update(person=f"was {pk}")
        with transaction.atomic():
            reports = Flag.objects.filter(pk__in=rows)
            thread.lock_rows(reports)
            done["reports"] += reports.update(network="", words="")
        progress(len(rows))
    done["hashes of likes"] = tell_likes_apart(old, progress)
    # Until when one was laid may well lie ahead.
    over = Q(until__lt=now - FORGET_HASHES) | long_ago("lifted_at", FORGET_HASHES, now)
    done["networks of sanctions"] = Sanction.objects.filter(over, network__gt="").update(network="")
    done["bans of who was erased"] = _forget_ended_bans(over)
    done["unconfirmed addresses"] = _forget_unconfirmed(now, progress)
    for name, statuses, kept in (
        ("deleted texts", [Status.DELETED], FORGET_DELETED),
        ("texts turned away", TURNED_AWAY, datetime.timedelta(days=settings.COMMENT_REJECTED_DAYS)),
    ):
        done[name] = _forget_texts(texts_over(statuses, kept, now), progress)
    return done


def texts_over(statuses: Collection[str], kept: datetime.timedelta, now: datetime.datetime) -> QuerySet[Comment]:
    """Comments that have had one of these statuses, and words, for longer than they are kept."""
    # An old comment can be turned away, or deleted, today. The last decision of each is looked up: of a NOT EXISTS PostgreSQL
    # makes a walk through all decisions.
    last = Decision.objects.filter(comment=OuterRef("pk")).order_by("-made_at").values("made_at")[:1]
    over = Comment.objects.filter(long_ago("created_at", kept, now), status__in=statuses).exclude(body="")
    return over.alias(since=Coalesce(Subquery(last), "created_at")).filter(long_ago("since", kept, now))


def _forget_texts(over: QuerySet[Comment], progress: Callable[[int], None]) -> int:
    forgotten = 0
    for rows in _batches(over):
        for comment in Comment.objects.only("ancestors").filter(pk__in=rows):
            # Readers see none of these words.
            with transaction.atomic(), editions.touching():
                thread.lock(comment)
                # Asked again: a moderator may have published it since.
                if still := over.filter(pk=comment.pk).first():
                    forget_text(still)
                    forgotten += 1
        progress(len(rows))
    return forgotten


def _forget_unconfirmed(now: datetime.datetime, progress: Callable[[int], None]) -> int:
    """Addresses that were typed, that nobody has confirmed and nobody has used since; under a sanction the hash stays."""
    kept = Sanction.objects.active().filter(commenter=OuterRef("pk"))
    used = Comment.objects.filter(lately("created_at", FORGET_HASHES, now), commenter=OuterRef("pk"))
    unasked = Q(link_sent_at=None) | long_ago("link_sent_at", FORGET_HASHES, now)
    old = long_ago("created_at", FORGET_HASHES, now)
    unused = Commenter.objects.filter(unasked, ~Exists(used), old, verified_at=None, email__gt="")
    forgotten = 0
    for rows in _batches(unused):
        for pk in rows:
            # Asked again: a comment, or the press of the link, may have come since.
            forgotten += unused.filter(~Exists(kept), pk=pk).update(
                email="", email_hash=_nobody(), link_sent_at=None
            ) or unused.filter(Exists(kept), pk=pk).update(email="", link_sent_at=None)
        progress(len(rows))
    return forgotten


def _forget_ended_bans(over: Q) -> int:
    """The hashes by which those were known again who were erased while they were banned, and the bans."""
    still = Sanction.objects.exclude(over).filter(commenter=OuterRef("pk"))
    ended = Commenter.objects.filter(~Exists(still), pk__in=Sanction.objects.filter(over).values("commenter"), email="")
    forgotten = list(ended.values_list("pk", flat=True))
    for pk in forgotten:
        with transaction.atomic():
            Sanction.objects.filter(commenter=pk).delete()
            Commenter.objects.filter(pk=pk, email="").update(email_hash=_nobody())
    return len(forgotten)


def _batches(rows: QuerySet):
    """Numbers, BATCH at a time, of rows that are not found again once they are done."""
    while found := list(rows.values_list("pk", flat=True)[:BATCH]):
        yield found
