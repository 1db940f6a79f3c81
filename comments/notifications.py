"""Who gets which letter, and when: decided again in the moment it is sent, in the background.

What was typed by a stranger is sent only to people who have shown that their address is theirs. Jobs carry numbers of
rows, never an address or a text. What a job returns, and its row keeps, is what came of its letter (mail.Outcome); None: there was
none to send.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils import timezone
from django_tasks import task

from articles.caching import editions
from articles.clocks import long_ago
from articles.http.attempts import GivenUp, try_again
from articles.models import Article
from comments import mail
from comments.identity import confirmation_token
from comments.limits import is_too_often
from comments.models import Comment, Commenter, Decision, Status
from comments.models.status import TURNED_AWAY

LINK_PAUSE = datetime.timedelta(hours=1)
LINKS_A_DAY = 5
#: From one network, to whatever addresses.
LINKS_AN_HOUR = 30
DAY = datetime.timedelta(days=1)

GIVEN_UP = "The mail server took the letter at no attempt."
NOT_NOW = {mail.Outcome.LATER, mail.Outcome.PERHAPS}

UNSUBSCRIBE_SALT = "comments.unsubscribe"
UNSUBSCRIBE_FOR = datetime.timedelta(days=90)


# --- Confirming an address --------------------------------------------------------------------------------------------


def ask_to_confirm(commenter: Commenter, comment: Comment | None) -> None:
    """Send the address a link that proves it, at most one an hour and LINKS_A_DAY a day; else do nothing.

    Anyone can type any address, so the letter holds nothing that was typed, and a network has LINKS_AN_HOUR. Who asks
    without a comment has been counted.
    """
    if not (settings.MAIL_ENABLED and commenter.email and (claimed_at := _claim_link(commenter))):
        return
    if comment is not None and is_too_often("links", comment.network, an_hour=LINKS_AN_HOUR):
        # Else who has none left in a network could spend those of an address for its owner.
        before: dict[str, Any] = {"link_sent_at": commenter.link_sent_at, "links_sent": commenter.links_sent}
        if commenter.is_known_by_hash_alone:
            before["email"] = ""
        Commenter.objects.filter(pk=commenter.pk, link_sent_at=claimed_at).update(**before)
        return
    send_confirmation.enqueue(commenter.pk, comment.article_id if comment else None)


def _claim_link(commenter: Commenter) -> datetime.datetime | None:
    """When the address has been given one more link; None where it has had enough."""
    now = timezone.now()
    after_a_quiet_day = Q(link_sent_at=None) | long_ago("link_sent_at", DAY, now)
    within_bounds = long_ago("link_sent_at", LINK_PAUSE, now) & Q(links_sent__lt=LINKS_A_DAY)
    # One conditional UPDATE: of two processes that have the same in mind, one sends. Who was erased since has another hash.
    same = Commenter.objects.filter(pk=commenter.pk, email_hash=commenter.email_hash)
    claimed = same.filter(after_a_quiet_day | within_bounds).update(
        link_sent_at=now, links_sent=Case(When(after_a_quiet_day, then=Value(1)), default=F("links_sent") + 1),
        email=commenter.email,
    )  # fmt: skip
    return now if claimed else None


@task
def send_confirmation(commenter: int, article: int | None, attempt: int = 1) -> str | None:
    guest = Commenter.objects.filter(pk=commenter).exclude(email="").first()
    if guest is None:
        return None
    story = Article.objects.public().filter(pk=article).first() if article else None
    context = {"url": _url("comment_confirm", confirmation_token(guest)), "story": story}
    outcome = mail.send(guest.email, f"Confirm your address for {settings.SITE_NAME}", "confirm", context)
    if outcome in NOT_NOW:
        _keep(outcome, is_tried_again=try_again(send_confirmation, commenter, article, attempt=attempt))
    return outcome.value


# --- After a decision -------------------------------------------------------------------------------------------------


def note(comment: Comment, decision: Decision) -> None:
    """Have the letters written that a decision is followed by: part of its transaction."""
    if not settings.MAIL_ENABLED:
        return
    if decision.to_status == Status.PUBLISHED and comment.parent_id and comment.notified_at is None:
        send_reply_notice.enqueue(comment.pk)
    elif decision.to_status in TURNED_AWAY and decision.inform and comment.is_proved and comment.commenter_id:
        send_rejection.enqueue(decision.pk)


def whom_to_tell(reply: Comment) -> Comment | None:
    """The comment whose author is to be told of this reply; None when nobody is."""
    answered = reply.answers or reply.parent
    if answered is None or not (reply.is_visible and answered.is_visible and reply.article.is_public()):
        return None
    guest = answered.commenter
    if guest is None or guest.pk == reply.commenter_id:
        return None
    is_theirs = answered.is_proved and guest.verified_at is not None
    wanted = answered.wants_replies and guest.wants_mail and guest.email
    return answered if is_theirs and wanted else None


@task
@editions.touching()
def send_reply_notice(comment: int, attempt: int = 1) -> str | None:
    """At most once for each reply, also when the process dies on the way: it is claimed before it is sent."""
    replies = Comment.objects.select_related("article", "answers__commenter", "parent__commenter")
    reply = replies.filter(pk=comment).first()
    answered = whom_to_tell(reply) if reply else None
    if reply is None or answered is None or answered.commenter is None:
        return None
    unsent = Comment.objects.filter(pk=comment)
    if not unsent.filter(notified_at=None).update(notified_at=timezone.now()):
        return None
    url = _url("comment_unsubscribe", unsubscribe_token(answered))
    outcome = mail.send(
        answered.commenter.email,
        f"{reply.name} answered your comment on “{reply.article.list_headline}”",
        "reply",
        {"reply": reply, "url": _absolute(reply.get_absolute_url()), "unsubscribe_url": url},
        List_Unsubscribe=f"<{url}>",
        List_Unsubscribe_Post="List-Unsubscribe=One-Click",
    )
    if outcome in NOT_NOW:
        with transaction.atomic():
            unsent.update(notified_at=None)
            is_tried_again = try_again(send_reply_notice, comment, attempt=attempt)
        _keep(outcome, is_tried_again=is_tried_again)
    return outcome.value


@task
def send_rejection(decision: int, attempt: int = 1) -> str | None:
    said = Decision.objects.select_related("comment__article", "comment__commenter").filter(pk=decision).first()
    comment = said.comment if said else None
    # Undone, deleted or erased in the meantime: there is nothing left to tell, or nobody.
    if not said or not comment or (comment.status, comment.revision) != (said.to_status, said.revision):
        return None
    if comment.commenter is None or not (comment.is_proved and comment.commenter.email):
        return None
    outcome = mail.send(
        comment.commenter.email,
        f"Your comment on “{comment.article.list_headline}” is not published",
        "rejection",
        {"comment": comment, "reason": said.get_reason_display(), "note": said.note, "story": comment.article},
    )
    if outcome in NOT_NOW:
        _keep(outcome, is_tried_again=try_again(send_rejection, decision, attempt=attempt))
    return outcome.value


# --- Unsubscribing ----------------------------------------------------------------------------------------------------


def unsubscribe_token(comment: Comment) -> str:
    """For the author of a comment: good for UNSUBSCRIBE_FOR, and until every link of that guest is ended."""
    guest = comment.commenter
    assert guest is not None
    return signing.dumps([guest.pk, guest.token_version, comment.pk], salt=UNSUBSCRIBE_SALT)


def subscription(token: str) -> Comment:
    """The comment whose notices the token is about, with its guest. Raises signing.BadSignature when it is not valid."""
    guest, version, comment = signing.loads(token, salt=UNSUBSCRIBE_SALT, max_age=UNSUBSCRIBE_FOR)
    valid = Comment.objects.filter(pk=comment, commenter=guest, commenter__token_version=version)
    if found := valid.select_related("commenter", "article").first():
        return found
    raise signing.BadSignature("The link was ended.")


@editions.touching()
def unsubscribe(comment: Comment, *, everything: bool) -> None:
    if everything:
        Commenter.objects.filter(comments=comment).update(wants_mail=False)
    else:
        Comment.objects.filter(pk=comment.pk).update(wants_replies=False)


def _keep(outcome: mail.Outcome, *, is_tried_again: bool) -> None:
    """A letter that is given up is kept as work that failed, and can be sent after all; not one to an address that was refused for
    a day, which is no failure of ours.
    """  # fmt: skip
    if outcome is mail.Outcome.LATER and not is_tried_again:
        raise GivenUp(GIVEN_UP)


def _url(name: str, *args: object) -> str:
    return _absolute(reverse(name, args=args))


def _absolute(path: str) -> str:
    return settings.SITE_URL + path
