from __future__ import annotations

import datetime
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from comments.keyed import keyed_hash

if TYPE_CHECKING:
    from comments.models.comment import Comment


#: Versions once began with 1 and were counted up: none of those is drawn.
COUNTED = 1_000_000


def new_version() -> int:
    """A number that no cookie and no link has, those included of guests whose rows a restore or a failover has lost.

    Their primary keys are given out again. Numbers that begin with 1 would come again with them, and their cookies with both.
    """
    return COUNTED + secrets.randbelow(2**30)


class CommenterManager(models.Manager["Commenter"]):
    def by_email(self, email: str) -> Commenter:
        """The guest with this address, made when there is none. To know an address is not to be its owner: see `identity`."""
        email = normal_email(email)
        commenter, _ = self.get_or_create(email_hash=keyed_hash("email", email), defaults={"email": email})
        return _known_as(email, commenter)

    def known_by_email(self, email: str) -> Commenter:
        """The same, but one who is new is not stored: looking writes nothing."""
        email = normal_email(email)
        known = self.filter(email_hash=keyed_hash("email", email)).first()
        return _known_as(email, known or Commenter(email_hash=keyed_hash("email", email)))


def _known_as(email: str, commenter: Commenter) -> Commenter:
    """Who was erased while they were banned is known by the hash alone, until a link is sent to the address again."""
    commenter.is_known_by_hash_alone = not commenter.email
    commenter.email = commenter.email or email
    return commenter


class Commenter(models.Model):
    """A guest, known by an address. Trust belongs to who proves this row by a signed cookie, never to who types the address."""

    email = models.EmailField(blank=True, help_text="Never shown to readers. Empty: erased.")
    email_hash = models.CharField(max_length=32, unique=True, editable=False)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Part of every cookie and link that proves this row: another one makes all of them worthless at once.
    token_version = models.PositiveIntegerField(default=new_version, editable=False)
    wants_mail = models.BooleanField("wants notices of replies", default=True)
    # When a link was last sent to the address: strangers can type it as often as they like.
    link_sent_at = models.DateTimeField(null=True, editable=False)
    # How many since there was last a day without one.
    links_sent = models.PositiveSmallIntegerField(default=0, editable=False)
    # Of what was written with the cookie's proof, decided by a person; kept by decide().
    published_count = models.PositiveIntegerField(default=0, editable=False)
    rejected_count = models.PositiveIntegerField(default=0, editable=False)
    # How often a moderator found this guest's reports right.
    flags_upheld = models.PositiveIntegerField(default=0, editable=False)
    flags_dismissed = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    #: The row has no address: the one here was typed.
    is_known_by_hash_alone = False

    objects = CommenterManager()

    class Meta:
        verbose_name = "guest"
        permissions = [("erase_commenter", "Can export and erase what is known of a guest")]

    def __str__(self) -> str:
        return f"guest {self.pk}"

    @property
    def mail_domain(self) -> str:
        return self.email.rpartition("@")[2]

    @property
    def reports_settled(self) -> int:
        return self.flags_upheld + self.flags_dismissed

    def verify(self, now: datetime.datetime | None = None) -> None:
        """The address is theirs: they have followed a link that was sent to it. Who was erased meanwhile stays nobody."""
        now = now or timezone.now()
        same = Commenter.objects.filter(pk=self.pk, token_version=self.token_version)
        same.filter(verified_at=None).update(verified_at=now)
        self.verified_at = self.verified_at or now

    def forget_browsers(self) -> None:
        """End what every cookie and link of this guest is good for, for ever: also where an older version is restored first."""
        Commenter.objects.filter(pk=self.pk).update(token_version=new_version())
        self.refresh_from_db(fields=["token_version"])

    def latest_comments(self) -> models.QuerySet[Comment]:
        return self.comments.order_by("-created_at", "-pk")


def normal_email(email: str) -> str:
    local, at, domain = email.strip().lower().rpartition("@")
    return f"{local}{at}{normal_domain(domain)}"


def normal_domain(domain: str) -> str:
    """In one spelling: mail goes to where IDNA leads, which takes many for one (full width, soft hyphens, xn--)."""
    domain = domain.strip().lower()
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode("idna")
    return domain
