"""Coming in at the desk, by password and with an authenticator app."""

from __future__ import annotations

import datetime
import time

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.models import User
from django.test import Client

LOGIN, CODE, ACCOUNT = "/admin/login/", "/admin/login/code/", "/admin/account/"
PASSWORD = "open sesame"
MINUTE = datetime.timedelta(minutes=1)
SECRET = generate_totp_secret()


def log_in(client: Client, name: str = "editor", password: str = PASSWORD, next: str = "", **headers):
    return client.post(LOGIN, {"login": name, "password": password, "next": next}, **headers)


def code(steps: int = 0) -> str:
    """What the app shows now, or so many half minutes from now."""
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))


def with_app(user: User) -> list[str]:
    """Set up an authenticator app; returns the recovery codes."""
    TOTP.activate(user, SECRET)
    return RecoveryCodes.activate(user).get_unused_codes()


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200
