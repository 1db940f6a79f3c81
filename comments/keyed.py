"""Keyed hashes: what is needed to recognise a reader again, without keeping what could tell who it is."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

LENGTH = 32


def keyed_hash(purpose: str, value: str) -> str:
    """32 hexadecimal digits of HMAC-SHA-256 over `value`; other purposes give other digits, so that tables cannot be joined.

    The key is `settings.PRIVACY_KEY`: whoever has the database alone cannot try out addresses.
    """
    message = f"{purpose}\0{value}".encode()
    return hmac.new(settings.PRIVACY_KEY.encode(), message, hashlib.sha256).hexdigest()[:LENGTH]
