"""The log of what concerns accounts, access and readers' data: written where it happens, whichever screen or command did it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_used
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models import ForeignKey, Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save
from django.http import HttpRequest
from django.utils import timezone

from articles.clocks import long_ago
from articles.http.network import address_of
from comments.models import Policy, Term
from comments.signals import guest_erased, guest_exported
from newsportal.models import WellKnownFile
from newsportal.staff import guesses, proof, second_factor, sessions
from newsportal.staff.models import AuditAddress, AuditEntry, StaffSession

Event = AuditEntry.Event
LONGEST = 200
#: What is changed without request or person.
BY_COMMAND = "by a command"

#: Rows whose changes are written down: added, changed, deleted.
WATCHED: dict[type[Model], tuple[Event, Event, Event]] = {
    User: (Event.ACCOUNT_ADDED, Event.ACCOUNT_CHANGED, Event.ACCOUNT_DELETED),
    Group: (Event.ROLE_ADDED, Event.ROLE_CHANGED, Event.ROLE_DELETED),
    **dict.fromkeys((Policy, Term, WellKnownFile), (Event.RULE_ADDED, Event.RULE_CHANGED, Event.RULE_DELETED)),
}
#: Written by the machine, or secret.
BY_MACHINE = {"last_login"}
LEFT_OUT = {"id", "password", "last_login", "date_joined", "modified_at", "changed_at", "made_at", "created_at"}
#: The table between → whose rows are written down with what they have, and the name of it.
MANY: dict[Any, tuple[type[Model], str]] = {
    User.groups.through: (User, "groups"), User.user_permissions.through: (User, "user_permissions"),
    Group.permissions.through: (Group, "permissions"),
}  # fmt: skip

_is_unrecorded: ContextVar[bool] = ContextVar("is_unrecorded", default=False)


@contextmanager
def unrecorded() -> Iterator[None]:
    """For accounts and roles that are made with the database: they are nobody's act."""
    token = _is_unrecorded.set(True)
    try:
        yield
    finally:
        _is_unrecorded.reset(token)


def record(
    event: Event, *, actor: Any = None, subject: Any = "", note: str = "", was: Any = None, now: Any = None,
    request: HttpRequest | None = None,
) -> AuditEntry:  # fmt: skip
    """Write one entry. Without an actor it is who asks in the request that is being answered, else a command.

    It is written in the transaction of what it tells of: neither is there without the other.
    """
    request = request or context.request
    if actor is None and request is not None and getattr(request, "user", None) and request.user.is_authenticated:
        actor = request.user
    if request is None and not note:
        note = BY_COMMAND
    entry = AuditEntry.objects.create(
        event=event,
        actor=actor.get_username() if isinstance(actor, User) else actor or "",
        subject=str(subject)[:LONGEST],
        note=note[:LONGEST],
        was=was or {},
        now=now or {},
    )
    if request is not None and (address := address_of(request)):
        AuditAddress.objects.create(entry=entry, address=str(address))
    return entry


def forget_addresses(now: datetime.datetime | None = None) -> int:
    kept = datetime.timedelta(days=settings.AUDIT_ADDRESS_DAYS)
    return AuditAddress.objects.filter(long_ago("entry__at", kept, now or timezone.now())).delete()[0]


# --- Logging in and out -----------------------------------------------------------------------------------------------

WAYS = {"webauthn": "passkey", "totp": "authenticator app", "recovery_codes": "recovery code"}


def on_logged_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    proof.note(request)
    if user.is_staff:
        sessions.begin(request, user)
    methods = request.session.get("account_authentication_methods", [])
    ways = [WAYS.get(method.get("type", ""), method.get("method", "")) for method in methods]
    record(Event.LOGGED_IN, actor=user, note=" and ".join(ways), request=request)


def on_logged_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is None:
        return
    StaffSession.objects.filter(session_key=request.session.session_key or "").delete()
    record(Event.LOGGED_OUT, actor=user, request=request)


def on_login_failed(sender: Any, credentials: dict, request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Names that are nobody's are not written down: some of them are passwords, typed into the wrong field."""
    name = str(credentials.get("username", ""))
    known = User.objects.filter(username=name).exists()
    # Whoever invents names does not fill a log from which nothing is ever taken out.
    if known or request is None or guesses.is_first_invented(request, Event.LOGIN_FAILED):
        subject = name if known else "an unknown name"
        record(Event.LOGIN_FAILED, actor="", subject=subject, note="password", request=request)


def record_held(request: HttpRequest, name: str, note: str) -> None:
    """One entry a quarter of an hour: who goes on trying does not fill the log."""
    known = User.objects.filter(username=name).exists()
    if guesses.is_first_held(name) if known else guesses.is_first_invented(request, Event.LOGIN_HELD):
        record(Event.LOGIN_HELD, actor="", subject=name if known else "an unknown name", note=note, request=request)


def on_code_failed(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    record(Event.LOGIN_FAILED, actor="", subject=user.get_username(), note="second factor", request=request)


def on_factor_used(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        record(Event.CODE_USED, actor=user, subject=user.get_username(), request=request)


def on_proved(sender: Any, request: HttpRequest, user: User, reauthenticated: bool = False, **kwargs: Any) -> None:
    if reauthenticated:
        # Whoever shares the session has not said it.
        sessions.renew(request)
        proof.note(request)


# --- Second factors ---------------------------------------------------------------------------------------------------


def on_factor_saved(sender: Any, instance: Authenticator, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if not created or raw:
        return
    record(Event.FACTOR_ADDED, subject=instance.user.get_username(), note=_factor(instance))
    if instance.type in second_factor.FACTORS:
        # Whoever came in without it is asked for it.
        note_ended(sessions.end_others(instance.user, context.request), "a second factor was set up")


def on_factor_deleted(sender: Any, instance: Authenticator, **kwargs: Any) -> None:
    if User.objects.filter(pk=instance.user_id).exists():  # else the account goes, and says so
        record(Event.FACTOR_REMOVED, subject=instance.user.get_username(), note=_factor(instance))


def _factor(authenticator: Authenticator) -> str:
    if authenticator.type == Authenticator.Type.WEBAUTHN:
        return f"passkey “{authenticator.data.get('name', '')}”"
    return "recovery codes" if authenticator.type == Authenticator.Type.RECOVERY_CODES else "authenticator app"


def note_ended(ended: list[StaffSession], why: str) -> None:
    for session in ended:
        record(Event.SESSION_ENDED, subject=session.user.get_username(), note=f"{session.browser}: {why}".strip(": "))


# --- Accounts, roles and rules ----------------------------------------------------------------------------------------


def before_saving(sender: Any, instance: Model, raw: bool = False, update_fields: Any = None, **kwargs: Any) -> None:
    instance._was, instance._has_new_password = None, False  # type: ignore[attr-defined]
    if raw or not instance.pk or (update_fields and set(update_fields) <= BY_MACHINE):
        return
    if (found := sender._base_manager.filter(pk=instance.pk).first()) is None:
        return
    instance._was = _told(found)  # type: ignore[attr-defined]
    if isinstance(instance, User) and found.password != instance.password:
        # Django leaves the words there while a new password is saved, and not while a hash is only made anew.
        renewed = getattr(instance, "_password", None) is None and instance.has_usable_password()
        instance._has_new_password = not renewed  # type: ignore[attr-defined]


def after_saving(sender: Any, instance: Model, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if raw or _is_unrecorded.get():
        return
    added, changed, _ = WATCHED[sender]
    now = _told(instance)
    if created:
        record(added, subject=instance, now=now)
    elif was := getattr(instance, "_was", None):
        differs = [name for name in now if was.get(name) != now[name]]
        if differs:
            record(
                changed, subject=instance, was={name: was.get(name) for name in differs},
                now={name: now[name] for name in differs},
            )  # fmt: skip
        if (
            isinstance(instance, User)
            and {"is_active", "is_staff"} & set(differs)
            and not (instance.is_active and instance.is_staff)
        ):
            note_ended(sessions.end_others(instance, None), "the account was closed")
    if getattr(instance, "_has_new_password", False):
        record(Event.PASSWORD_CHANGED, subject=instance)
        note_ended(sessions.end_others(instance, context.request), "the password was changed")  # type: ignore[arg-type]


def before_deleting(sender: Any, instance: Model, **kwargs: Any) -> None:
    """Before, for what it is named after may go with it."""
    fields = [field for owner, field in MANY.values() if owner is sender]
    many = {field: sorted(_names(getattr(instance, field).all())) for field in fields}
    record(
        WATCHED[sender][2],
        subject=instance,
        was=_told(instance) | {field: held for field, held in many.items() if held},
    )
    if isinstance(instance, Group):
        # Their rows in the table between go without a signal.
        when_many_change(User.groups.through, instance, "pre_clear", reverse=True, pk_set=None)


def when_many_change(sender: Any, instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any) -> None:
    """Groups of an account, permissions of an account or a role: all that they were, and all that they are."""
    if action not in {"post_add", "post_remove", "pre_clear"} or _is_unrecorded.get():
        return
    owner, field = MANY[sender]
    if not reverse:
        _note_many(instance, field, action, pk_set)
        return
    # Said of what they have: group.user_set.add(…), permission.group_set.clear().
    whose = {field: instance.pk} if pk_set is None else {"pk__in": pk_set}
    for one in owner._base_manager.filter(**whose).order_by("pk"):
        _note_many(one, field, action, {instance.pk})


def _note_many(owner: Model, field: str, action: str, changed_pks: Iterable[int] | None) -> None:
    """`changed_pks`: of what has been added or removed or is about to go; None: all."""
    rows = getattr(owner, field).all()
    held = set(_names(rows))
    changed = held if changed_pks is None else set(_names(rows.model._base_manager.filter(pk__in=changed_pks)))
    match action:
        case "post_add":
            was, now = held - changed, held
        case "post_remove":
            was, now = held | changed, held
        case _:
            was, now = held, held - changed
    if was != now:
        record(WATCHED[type(owner)][1], subject=owner, was={field: sorted(was)}, now={field: sorted(now)})


def _names(rows: Any) -> list[str]:
    if rows.model is Group:
        return list(rows.values_list("name", flat=True))
    pairs = rows.order_by().values_list("content_type__app_label", "codename")
    return [f"{app}.{name}" for app, name in pairs]


def _told(instance: Model) -> dict[str, Any]:
    held = {}
    for field in instance._meta.concrete_fields:
        if field.name in LEFT_OUT:
            continue
        value = getattr(instance, field.attname if isinstance(field, ForeignKey) else field.name)
        held[field.name] = value if value is None or isinstance(value, bool | int) else str(value)[:1_000]
    return held


# --- Readers' data ----------------------------------------------------------------------------------------------------


def on_exported(sender: Any, guest: int, **kwargs: Any) -> None:
    record(Event.READER_EXPORTED, subject=f"Guest {guest}")


def on_erased(sender: Any, guest: int, **kwargs: Any) -> None:
    record(Event.READER_ERASED, subject=f"Guest {guest}")


def connect() -> None:
    """Called once all models are there."""
    uid = "newsportal.audit"
    for signal, receiver in (
        (user_logged_in, on_logged_in), (user_logged_out, on_logged_out), (user_login_failed, on_login_failed),
        (authentication_failed, on_code_failed), (authenticator_used, on_factor_used),
        (authentication_step_completed, on_proved), (guest_exported, on_exported), (guest_erased, on_erased),
    ):  # fmt: skip
        signal.connect(receiver, dispatch_uid=uid)
    post_save.connect(on_factor_saved, sender=Authenticator, dispatch_uid=uid)
    post_delete.connect(on_factor_deleted, sender=Authenticator, dispatch_uid=uid)
    for model in WATCHED:
        pre_save.connect(before_saving, sender=model, dispatch_uid=uid)
        post_save.connect(after_saving, sender=model, dispatch_uid=uid)
        pre_delete.connect(before_deleting, sender=model, dispatch_uid=uid)
    for through in MANY:
        m2m_changed.connect(when_many_change, sender=through, dispatch_uid=uid)
