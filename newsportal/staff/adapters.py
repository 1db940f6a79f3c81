"""What django-allauth asks us: who may log in, how often, and with what."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from newsportal.staff import audit, encryption, guesses, proof


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "The user name and password do not belong together, or the account is not one of the desk.",
        "too_many_login_attempts": "That was wrong too often. Wait a quarter of an hour; a passkey works meanwhile.",
        "too_often_today": "That was wrong too often today. Wait a day; a passkey works meanwhile.",
        "too_often_anywhere": (
            "From several places this name was tried too often today. Wait a day, or log in from where you did with your password "
            "in the last month; a passkey works meanwhile."
        ),
        "incorrect_password": "That is not your password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Raises ValidationError, and looks at no password, when it was wrong too often."""
        name = credentials.get("username", "")
        tries = guesses.of_password(request, name)
        if not tries.take():
            audit.record_held(request, name, "password")
            raise self.validation_error(tries.refusal)
        user: Any = authenticate(request, username=name, password=credentials.get("password"))
        if user is None or not user.is_staff:
            return None
        tries.forgive()
        return user

    def reauthenticate(self, user: Any, password: str) -> bool:
        found = self.authenticate(context.request, username=user.get_username(), password=password)
        return found is not None and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A login counts, too: who has just come in is not asked again at once."""
        return not proof.is_fresh(context.request)

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        if not (user.is_active and user.is_staff):
            return self.respond_user_inactive(request, user)
        return None

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        # A password of such an account is refused before; only a passkey comes so far.
        audit.record(
            audit.Event.LOGIN_FAILED,
            actor="",
            subject=user.get_username(),
            note="passkey of a closed account",
            request=request,
        )
        messages.error(request, "This account is not one of the desk.")
        return HttpResponseRedirect(reverse("admin:login"))

    def get_reauthentication_methods(self, user: Any) -> list[dict]:
        words = {
            "reauthenticate": "Use your password",
            "mfa_reauthenticate": "Use a code of your app, or a recovery code",
            "mfa_reauthenticate:webauthn": "Use a passkey",
        }
        ways = super().get_reauthentication_methods(user)
        # What is at hand comes first: a passkey is one touch.
        ways.sort(key=lambda way: way["id"] != "mfa_reauthenticate:webauthn")
        return [way | {"description": words[way["id"]]} for way in ways]


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That did not work. Try again, with the code that is shown now.",
        "cannot_generate_recovery_codes": "Recovery codes come with a passkey or an authenticator app: set up one of these first.",
    }

    def get_totp_label(self, user: Any) -> str:
        return user.get_username()

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        from newsportal.staff.models import StaffSession
        from newsportal.staff.sessions import ROW

        here = StaffSession.objects.filter(pk=context.request.session.get(ROW, 0)).first()
        return here.browser if here and here.browser else "Passkey"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return super().get_public_key_credential_rp_entity() | {"name": settings.SITE_NAME}

    def get_public_key_credential_user_entity(self, user: Any) -> dict:
        names = {"name": user.get_username(), "display_name": user.get_full_name() or user.get_username()}
        return super().get_public_key_credential_user_entity(user) | names

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ValidationError for what was encrypted with a key that is neither SECRET_KEY nor one of its fallbacks."""
        try:
            return encryption.decrypt(encrypted_text)
        except InvalidToken:
            raise self.validation_error("incorrect_code") from None
