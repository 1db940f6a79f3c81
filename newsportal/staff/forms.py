"""allauth's forms, in the desk's words, with the desk's limits."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter as account_adapter
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import validate_totp_code
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn import forms as webauthn_forms
from allauth.mfa.webauthn.internal.auth import extract_user_from_response
from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm

from newsportal.staff import audit, guesses
from newsportal.staff.models import AuditEntry

Event = AuditEntry.Event


class LoginForm(account_forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label = "User name"
        login.widget.attrs = {
            "id": "id_username", "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "autofocus": True,
        }  # fmt: skip
        password.help_text = ""
        password.widget.attrs = {"autocomplete": "current-password"}


class PasswordAgainForm(account_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs = {"autocomplete": "current-password", "autofocus": True}


class ChangePasswordForm(AdminPasswordChangeForm):
    def clean_old_password(self) -> str:
        request, name = context.request, self.user.get_username()
        tries = guesses.of_password(request, name)
        if not tries.take():
            audit.record_held(request, name, "password")
            raise account_adapter().validation_error(tries.refusal)
        try:
            old = super().clean_old_password()
        except forms.ValidationError:
            audit.record(Event.LOGIN_FAILED, subject=name, note="password, to change it")
            raise
        tries.forgive()
        return old


class _CountedCode(forms.Form):
    user: Any
    authenticator: Authenticator

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        _as_code(self.fields["code"])

    def clean_code(self) -> str:
        tries = guesses.of_code(context.request, self.user)
        if not tries.take():
            audit.record_held(context.request, self.user.get_username(), "second factor")
            raise account_adapter().validation_error(tries.refusal)
        code = self.cleaned_data["code"].replace(" ", "")
        factors = list(Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN))
        for factor in factors:
            if self._is_right(factor, code):
                factor.user = self.user
                self.authenticator = factor
                tries.forgive()
                return code
        if factors:
            self._emit_authentication_failed(factors[0])  # type: ignore[attr-defined]
        raise get_adapter().validation_error("incorrect_code")

    def _is_right(self, factor: Authenticator, code: str) -> bool:
        if factor.type != Authenticator.Type.TOTP:
            return factor.wrap().validate_code(code)
        # allauth remembers what was used in a cache, which another process may not see, and which may be away.
        # It passes over signs between the digits: 123-456 is 123456, and was used with it.
        is_right = validate_totp_code(decrypt(factor.data["secret"]), code)
        return is_right and guesses.is_first_use(self.user, normalize_user_code(code))


class CodeForm(_CountedCode, mfa_forms.AuthenticateForm):
    """The second step of a login: a code of the app, or a recovery code."""


class CodeAgainForm(_CountedCode, mfa_forms.ReauthenticateForm):
    pass


class _NotedPasskey(webauthn_forms.AuthenticateWebAuthnForm):
    """A passkey that is refused stands in the log, as a wrong password does; a flood of them as one entry."""

    noted_as: str

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except forms.ValidationError:
            self._note(_claimed_by(self.cleaned_data["credential"]) if self.user is None else self.user)
            raise
        except (AttributeError, LookupError) as error:
            # Of the right kind and of the wrong shape: no browser has made it.
            self._note(self.user)
            raise get_adapter().validation_error("incorrect_code") from error

    def _note(self, user: Any) -> None:
        request, name = context.request, user.get_username() if user else ""
        if guesses.of_passkey(request).take():
            subject = name or "an unknown name"
            audit.record(Event.LOGIN_FAILED, actor="", subject=subject, note=self.noted_as, request=request)
            return
        audit.record_held(request, name, self.noted_as)
        raise account_adapter().validation_error("too_many_login_attempts")


def _claimed_by(credential: Any) -> Any:
    """The account that a refused passkey says it is of, if there is one."""
    try:
        return extract_user_from_response(credential)
    except (forms.ValidationError, AttributeError):
        return None


class LoginPasskeyForm(_NotedPasskey, webauthn_forms.LoginWebAuthnForm):
    noted_as = "passkey"


class PasskeyForm(_NotedPasskey):
    """The second step of a login."""

    noted_as = "second factor, a passkey"


class PasskeyAgainForm(_NotedPasskey, webauthn_forms.ReauthenticateWebAuthnForm):
    noted_as = "passkey, to confirm"


class AddAppForm(totp_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "The six digits that the app shows now"
        _as_code(self.fields["code"])

    def clean_code(self) -> str:
        self.cleaned_data["code"] = self.cleaned_data["code"].replace(" ", "")
        return super().clean_code()


class AddPasskeyForm(webauthn_forms.AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["name"] = _name_of_passkey(required=False)
        alone = self.fields["passwordless"]
        alone.label, alone.initial = "Log in with this alone, without a password", True
        alone.help_text = "It then asks for your finger, your face or a PIN. Not every security key can."


class RenamePasskeyForm(webauthn_forms.EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["name"] = _name_of_passkey()
        self.fields["name"].widget.attrs["autofocus"] = True


def _name_of_passkey(**options: Any) -> forms.CharField:
    help_text = "So that you know it again among others."
    return forms.CharField(label="Name", help_text=help_text, max_length=60, **options)


def _as_code(field: forms.Field) -> None:
    field.widget.attrs = {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
