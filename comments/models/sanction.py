from __future__ import annotations

import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q
from django.utils import timezone

from comments.models.commenter import Commenter, normal_domain

#: Whoever has an address by then had nothing to do with it; and longer than this no network is kept.
NETWORK_AT_MOST = datetime.timedelta(days=30)


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def active(self) -> SanctionQuerySet:
        return self.filter(Q(until__isnull=True) | Q(until__gt=timezone.now()), lifted_at__isnull=True)

    def against(
        self, typed: Commenter | None = None, *, proved: Commenter | None = None, user_id: int | None = None,
        network: str = "",
    ) -> SanctionQuerySet:  # fmt: skip
        """What holds for who has proved to be this guest, or has typed the address of that one (and for the mail domains of
        both), for this account or this network. One query.

        Each target is looked up over its own index: of columns that are mostly empty SQLite thinks an OR not worth it.
        """
        targets: list[dict[str, object]] = [{"commenter": proved.pk, "unproved_only": False}] if proved else []
        if typed and typed.pk and typed != proved:
            targets += [{"commenter": typed.pk}]
        domains = dict.fromkeys(guest.mail_domain for guest in (proved, typed) if guest)
        targets += [{"mail_domain": domain} for domain in domains if domain]
        targets += [{"user": user_id}] if user_id is not None else []
        targets += [{"network": network}] if network else []
        found = [self.active().filter(**target).order_by() for target in targets]
        return found[0].union(*found[1:]) if found else self.none()


class Sanction(models.Model):
    """What a moderator has laid on a guest, an account, a network or a mail domain: one of them."""

    class Measure(models.TextChoices):
        WARN = "warn", "Warn"
        PRE_MODERATE = "premoderate", "Hold everything for a moderator"
        SUSPEND = "suspend", "Suspend for a time"
        BAN = "ban", "Ban"

    commenter = models.ForeignKey(
        Commenter, null=True, blank=True, on_delete=models.CASCADE, related_name="sanctions", verbose_name="guest"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="comment_sanctions",
        verbose_name="account",
    )  # fmt: skip
    # Laid on what was written unproved: the owner of the address may have had nothing to do with it.
    unproved_only = models.BooleanField("only while unconfirmed", default=False, db_default=False, editable=False)
    network = models.CharField(
        max_length=32, blank=True, db_index=True, help_text="The keyed hash shown beside a comment."
    )
    mail_domain = models.CharField(max_length=253, blank=True, db_index=True, help_text="What follows the @.")
    measure = models.CharField(max_length=12, choices=Measure)
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: for good.")
    reason = models.CharField(max_length=300, help_text="The guest is told this.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects = SanctionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_measure_display()}: {self.target}"

    @property
    def target(self) -> str:
        if self.commenter and self.unproved_only:
            return f"{self.commenter}, while unconfirmed"
        return str(self.commenter or self.user or self.mail_domain or f"network {self.network[:8]}".strip())

    @property
    def is_active(self) -> bool:
        return self.lifted_at is None and (self.until is None or self.until > timezone.now())

    @property
    def silences(self) -> bool:
        """Whether who it is laid on cannot write at all."""
        return self.measure in {self.Measure.SUSPEND, self.Measure.BAN}

    def refusal_to(self, act: str) -> str:
        """What who is silenced is told when they try to `act` ("comment here")."""
        until = f" until {timezone.localtime(self.until):%-d %B %Y}" if self.until else ""
        return f"You cannot {act}{until}: {self.reason}"

    @property
    def told(self) -> str:
        """What the guest reads on their own page."""
        if self.silences:
            return self.refusal_to("comment here")
        if self.measure == self.Measure.WARN:
            return f"A moderator warns you: {self.reason}"
        return f"A moderator reads your comments before they appear: {self.reason}"

    def hits(self, commenter: Commenter) -> bool:
        """Whether it was laid on this guest, or on everyone with such an address."""
        return self.commenter_id == commenter.pk or (
            self.mail_domain != "" and self.mail_domain == commenter.mail_domain
        )

    def clean(self):
        """Refuse, beside its field, what could never hit anybody."""
        self.mail_domain = normal_domain(self.mail_domain.strip().removeprefix("@"))
        if sum(map(bool, (self.commenter_id, self.user_id, self.network, self.mail_domain))) != 1:
            raise ValidationError("Name one of guest, account, network or mail domain.")
        wrong = {"mail_domain": self._wrong_with_domain(), "until": self._wrong_with_end(timezone.now())}
        if wrong := {name: sentence for name, sentence in wrong.items() if sentence}:
            raise ValidationError(wrong)

    def _wrong_with_domain(self) -> str:
        if not self.mail_domain:
            return ""
        if "@" in self.mail_domain:
            # Taken for its domain, it would silence everyone with an address at the same provider.
            return "This is one address: name its guest, or give what follows the @ to mean everyone who has such an address."
        try:
            validate_email(f"somebody@{self.mail_domain}")
        except ValidationError:
            return "No address ends like this. Give what follows the @, such as example.org."
        return ""

    def _wrong_with_end(self, now: datetime.datetime) -> str:
        if self.until and self.until <= now and self._state.adding:
            return "This has passed: it would be over before it began."
        if self.network and (self.until is None or self.until > now + NETWORK_AT_MOST):
            return f"A network is many people, and kept for {NETWORK_AT_MOST.days} days at most: say until when."
        if self.measure == self.Measure.SUSPEND and not self.until:
            return "A suspension ends: say when."
        return ""

    def lift(self, by) -> None:
        Sanction.objects.filter(pk=self.pk, lifted_at=None).update(lifted_at=timezone.now(), lifted_by=by)
        self.refresh_from_db()


class GuestNote(models.Model):
    """What moderators tell each other of a guest."""

    commenter = models.ForeignKey(Commenter, on_delete=models.CASCADE, related_name="notes")
    text = models.CharField(max_length=1000)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text[:60]
