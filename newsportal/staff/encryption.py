"""The secrets of second factors: whoever has the database, or a backup of it, does not have them.

They are encrypted with SECRET_KEY, and read with its fallbacks, too, until `manage.py reencrypt_second_factors` has been run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

#: In an authenticator's data, as django-allauth names them; the last is a list.
ENCRYPTED = ("secret", "seed", "migrated_codes")


def encrypt(text: str) -> str:
    return _fernet(*_secrets()).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Raises InvalidToken for what was encrypted with a key that is neither SECRET_KEY nor one of its fallbacks."""
    return _fernet(*_secrets()).decrypt(token.encode()).decode()


def reencrypt() -> tuple[int, list[str]]:
    """With SECRET_KEY what was encrypted with a fallback. Returns of how many factors, and whose no key reads."""
    done, unreadable = 0, []
    for factor in _factors():
        if _is_read_by(factor, settings.SECRET_KEY):
            continue
        with transaction.atomic():
            # A recovery code that is used meanwhile writes the same row.
            locked = Authenticator.objects.select_for_update().filter(pk=factor.pk).first()
            if locked is None:
                continue
            try:
                locked.data |= _each(locked, lambda token: _fernet(*_secrets()).rotate(token.encode()).decode())
            except InvalidToken:
                unreadable.append(factor.user.get_username())
                continue
            locked.save(update_fields=["data"])
            done += 1
    return done, unreadable


def with_a_fallback() -> int:
    """How many factors go when SECRET_KEY_FALLBACKS does, or have gone with an older key."""
    return sum(not _is_read_by(factor, settings.SECRET_KEY) for factor in _factors())


def _factors() -> QuerySet[Authenticator]:
    return Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).select_related("user").order_by("pk")


def _is_read_by(factor: Authenticator, secret: str) -> bool:
    try:
        _each(factor, lambda token: _fernet(secret).decrypt(token.encode()))
    except InvalidToken:
        return False
    return True


def _each(factor: Authenticator, do: Callable[[str], Any]) -> dict[str, Any]:
    held = {name: factor.data[name] for name in ENCRYPTED if factor.data.get(name)}
    return {
        name: [do(token) for token in value] if isinstance(value, list) else do(value) for name, value in held.items()
    }


def _secrets() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _fernet(*secrets: str) -> MultiFernet:
    digests = [hashlib.sha256(f"second factors\0{secret}".encode()).digest() for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
