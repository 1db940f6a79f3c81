"""Who needs a second factor, and has one."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings

from articles.workflow import PUBLISH

Type = Authenticator.Type
#: Recovery codes alone are none: they come with these, and go with them.
FACTORS = (Type.WEBAUTHN, Type.TOTP)


def is_required(user: Any) -> bool:
    """By what somebody may do, not by what their role is called: whose word goes out to readers."""
    match settings.REQUIRE_SECOND_FACTOR:
        case "everyone":
            return user.is_staff
        case "publishers":
            return user.is_staff and user.has_perm(PUBLISH)
    return False


def has_one(user: Any) -> bool:
    return Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def is_missing(user: Any) -> bool:
    return is_required(user) and not has_one(user)


def remove_all(user: Any) -> int:
    """For who has lost a phone: the password is enough again, until they set up another where one is required."""
    removed = 0
    for factor in Authenticator.objects.filter(user_id=user.pk):
        factor.delete()
        removed += 1
    return removed
