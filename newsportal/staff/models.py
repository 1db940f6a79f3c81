"""What is kept of logging in: the log, where staff are logged in, and how often secrets were tried."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone


class AppendOnly(Exception):
    """What has been written down is neither changed nor taken out."""


class AppendOnlyQuerySet(models.QuerySet):
    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("The log is added to, and nothing else.")

    update = delete = bulk_update = _refuse


class AuditEntry(models.Model):
    """One thing that somebody did to an account, a role, a rule or a reader's data. A trigger keeps it as it was written.

    Names are copied, and nothing points at accounts: an entry outlives them.
    """

    class Event(models.TextChoices):
        LOGGED_IN = "logged_in", "Logged in"
        LOGIN_FAILED = "login_failed", "Failed to log in"
        LOGIN_HELD = "login_held", "Tried too often"
        LOGGED_OUT = "logged_out", "Logged out"
        SESSION_ENDED = "session_ended", "Session ended"
        FACTOR_ADDED = "factor_added", "Second factor set up"
        FACTOR_RENAMED = "factor_renamed", "Passkey renamed"
        FACTOR_REMOVED = "factor_removed", "Second factor removed"
        CODE_USED = "code_used", "Recovery code used"
        PASSWORD_CHANGED = "password_changed", "Password changed"
        ACCOUNT_ADDED = "account_added", "Account added"
        ACCOUNT_CHANGED = "account_changed", "Account changed"
        ACCOUNT_DELETED = "account_deleted", "Account deleted"
        ROLE_ADDED = "role_added", "Role added"
        ROLE_CHANGED = "role_changed", "Role changed"
        ROLE_DELETED = "role_deleted", "Role deleted"
        RULE_ADDED = "rule_added", "Rule added"
        RULE_CHANGED = "rule_changed", "Rule changed"
        RULE_DELETED = "rule_deleted", "Rule deleted"
        READER_EXPORTED = "reader_exported", "Reader's data exported"
        READER_ERASED = "reader_erased", "Reader erased"

    at = models.DateTimeField("when", default=timezone.now)
    event = models.CharField("what", max_length=20, choices=Event)
    actor = models.CharField("who", max_length=150, blank=True)
    subject = models.CharField("whom or what", max_length=200, blank=True)
    note = models.CharField("how", max_length=200, blank=True)
    # By field: what it was, and what it is; secrets and readers' data never.
    was = models.JSONField(default=dict, blank=True)
    now = models.JSONField("is", default=dict, blank=True)

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = "audit log entry"
        verbose_name_plural = "audit log entries"
        ordering = ["-pk"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["event", "-id"], name="audit_event"),
            models.Index(fields=["actor", "-id"], name="audit_actor"),
            models.Index(fields=["subject", "-id"], name="audit_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.get_event_display()}: {self.subject or self.actor or 'somebody'}"

    def told(self) -> str:
        """What was done, in one line: how, and what was and is. Of lists what has gone out of them and come in."""
        return "; ".join(filter(None, [self.note, *(_told(name, self.was, self.now) for name in self.was | self.now)]))

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("The log is added to, and nothing else.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("The log is added to, and nothing else.")


def _told(name: str, was: dict[str, Any], now: dict[str, Any]) -> str:
    words, before, after = name.replace("_", " "), was.get(name), now.get(name)
    if isinstance(before, list) or isinstance(after, list):
        before, after = before or [], after or []
        gone = [f"−{one}" for one in before if one not in after]
        come = [f"+{one}" for one in after if one not in before]
        return f"{words}: {', '.join([*gone, *come])}"
    if not was or not now:
        # Added or deleted: what it holds, and not what it leaves empty; 0 and no are held.
        value = after if now else before
        return f"{words}: {_shown(value)}" if value is not None and value != "" else ""
    return f"{words}: {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else "–" if value in {None, ""} else str(value)


class AuditAddress(models.Model):
    """Where an entry came from. A row of its own, since it is forgotten after AUDIT_ADDRESS_DAYS and the entry stays."""

    entry = models.OneToOneField(AuditEntry, on_delete=models.CASCADE, primary_key=True, related_name="came_from")
    address = models.GenericIPAddressField()

    def __str__(self) -> str:
        return self.address


class StaffSession(models.Model):
    """One browser in which somebody is logged in (newsportal.staff.sessions)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    begun_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.user}, since {timezone.localtime(self.begun_at):%Y-%m-%d %H:%M}"


class Guesses(models.Model):
    """How often a secret has been tried within a time, by the keyed hash of whose it is and from where."""

    key = models.CharField(max_length=32, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key} {self.count}"
