"""The screens of logging in, and everybody's own: allauth's flows in the desk's look."""

from __future__ import annotations

import datetime
import json
from typing import Any

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView
from allauth.account.views import ReauthenticateView as PasswordAgainView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY as CHALLENGED
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView

from articles.http.numbers import number_in
from newsportal import bare, typed
from newsportal.staff import audit, guesses, proof, second_factor, sessions
from newsportal.staff.forms import ChangePasswordForm
from newsportal.staff.gate import GOING_TO, stopped
from newsportal.staff.sessions import ROW

Type = Authenticator.Type
#: The cookie with what a passkey has to sign for a login, and how long it is good for.
CHALLENGE = "passkey"
CHALLENGED_FOR = datetime.timedelta(minutes=10)


class AtTheDesk:
    """What Django's admin templates want to know, and the browser's part of a passkey as an attribute."""

    title = ""
    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        context |= admin.site.each_context(self.request) | {"title": self.title}
        context["next"] = _next(self.request)
        if "js_data" in context:
            (options,) = context["js_data"].values()
            context["passkey_options"] = json.dumps(options, cls=DjangoJSONEncoder)
        return context


# --- Coming in --------------------------------------------------------------------------------------------------------


class Login(AtTheDesk, LoginView):
    title = "Log in"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not admin.site.has_permission(request):
            context = admin.site.each_context(request) | {"title": "Not your desk"}
            return render(request, "account/not_staff.html", context, status=403)
        if request.method == "GET":
            # Who comes here begins anew, also from the middle of a second step that they could not take.
            clear_login(request)
        return super().dispatch(request, *args, **kwargs)


class SecondStep(AtTheDesk, mfa.AuthenticateView):
    title = "One more step"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        user = self.stage.login.user
        held = set(Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True))
        return context | {
            "has_passkey": Type.WEBAUTHN in held,
            "has_app": Type.TOTP in held,
            "has_codes": Type.RECOVERY_CODES in held,
        }


@require_POST
def start_again(request: HttpRequest) -> HttpResponse:
    """Out of a second step, as somebody else perhaps."""
    clear_login(request)
    return redirect("admin:login")


class LoginByPasskey(webauthn.LoginWebAuthnView):
    """What is to be signed waits in the browser: of a session for each stranger who asks for it there is no end."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().get(request, *args, **kwargs)
        if state := request.session.pop(CHALLENGED, None):
            response.set_signed_cookie(
                CHALLENGE, json.dumps(state), salt=CHALLENGE, max_age=CHALLENGED_FOR, path=request.path, httponly=True,
                secure=settings.SESSION_COOKIE_SECURE, samesite="Strict",
            )  # fmt: skip
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        state = request.get_signed_cookie(CHALLENGE, default=None, salt=CHALLENGE, max_age=CHALLENGED_FOR)
        request.session.pop(CHALLENGED, None)
        if state is not None:
            request.session[CHALLENGED] = json.loads(state)
            self.challenge = json.loads(state)["challenge"]
        response = super().post(request, *args, **kwargs)
        request.session.pop(CHALLENGED, None)
        response.delete_cookie(CHALLENGE, path=request.path, samesite="Strict")
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        # Unlike a session, a cookie does not forget what was signed: with it, the answer could be sent once more.
        once = guesses.Limit("challenge", self.challenge, most=1, within=2 * CHALLENGED_FOR)
        if guesses.Tries([once]).take():
            return super().form_valid(form)
        form.add_error("credential", get_adapter().validation_error("incorrect_code"))
        return self.form_invalid(form)


login = Login.as_view()
login_by_passkey = never_cache(LoginByPasskey.as_view())
second_step = SecondStep.as_view()


# --- Saying that it is still you --------------------------------------------------------------------------------------


class StillYou(AtTheDesk):
    """With what waits for the answer, where something does: it is shown, goes to other ways of answering, and on afterwards."""

    title = "Is it still you?"
    waiting = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.waiting = proof.take(request)
        if self.waiting and not request.user.is_authenticated and proof.restore(request, _next(request), self.waiting):
            return bare.logged_out(request) or redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        waits = [field for field in typed.fields_of(QueryDict(self.waiting)) if field.value and not field.is_carried]
        return super().get_context_data(**kwargs) | {"waiting": self.waiting, "waits": waits}

    def get_reauthentication_alternatives(self) -> list[dict]:
        ways = super().get_reauthentication_alternatives()  # type: ignore[misc]
        return [way | {"brings": f"{way['url']}&{proof.ARRIVES}=1"} for way in ways]

    def form_valid(self, form: Any) -> HttpResponse:
        # What an older version has kept in the session may be from whoever shares it.
        self.request.session.pop(STATE_SESSION_KEY, None)
        address = _next(self.request)
        response = super().form_valid(form)  # type: ignore[misc]
        return (self.waiting and self._go_on(address)) or response

    def _go_on(self, address: str) -> HttpResponse | None:
        request = self.request
        if not proof.restore(request, address, self.waiting):
            return None
        # It has come by way of a screen that is open to more people than the desk is.
        match: Any = request.resolver_match
        return stopped(request, request.user) or match.func(request, *match.args, **match.kwargs)


class PasswordAgain(StillYou, PasswordAgainView):
    pass


class CodeAgain(StillYou, mfa.ReauthenticateView):
    pass


class PasskeyAgain(StillYou, webauthn.ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, "That did not work. Try again, or in another way.")
        if self.waiting:
            # A page with a new challenge, and no second look at the answer.
            self.request.method = "GET"
            return self.get(self.request)
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))


confirm_by_password = never_cache(PasswordAgain.as_view())
confirm_by_code = never_cache(CodeAgain.as_view())
confirm_by_passkey = never_cache(PasskeyAgain.as_view())


# --- One's own --------------------------------------------------------------------------------------------------------


class Account(AtTheDesk, TemplateView):
    title = "Your login"
    template_name = "account/account.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        factors = list(Authenticator.objects.filter(user_id=user.pk).order_by("pk"))
        of_type = {kind: [factor for factor in factors if factor.type == kind] for kind in Type}
        codes = next(iter(of_type[Type.RECOVERY_CODES]), None)
        return super().get_context_data(**kwargs) | {
            "passkeys": of_type[Type.WEBAUTHN],
            "app": next(iter(of_type[Type.TOTP]), None),
            "codes": codes,
            "codes_left": _codes_left(codes) if codes else 0,
            "is_missing": second_factor.is_missing(user),
            "sessions": sessions.of(user),
            "this_session": self.request.session.get(ROW),
            "address_days": settings.AUDIT_ADDRESS_DAYS,
        }


def _codes_left(codes: Authenticator) -> int:
    """Counted without the codes themselves, which nobody has to make out for it."""
    from allauth.mfa import app_settings

    return app_settings.RECOVERY_CODE_COUNT - int(codes.data.get("used_mask", 0)).bit_count()


class ChangePassword(AtTheDesk, PasswordChangeView):
    title = "Change your password"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("admin:password_change_done")


class AddPasskey(AtTheDesk, webauthn.AddWebAuthnView):
    title = "Add a passkey"

    def get_success_url(self) -> str:
        return _after_adding(self.request, self.did_generate_recovery_codes)


class RenamePasskey(AtTheDesk, webauthn.EditWebAuthnView):
    title = "Rename this passkey"
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponse:
        user: Any = self.request.user
        was, now = form.instance.wrap().name, form.cleaned_data["name"]
        if was != now:
            with transaction.atomic():
                form.save()
                audit.record(
                    audit.Event.FACTOR_RENAMED, subject=user.get_username(), was={"name": was}, now={"name": now}
                )
            messages.success(self.request, f"The passkey is called “{now}” now.")
        return HttpResponseRedirect(self.get_success_url())


class RemovePasskey(AtTheDesk, webauthn.RemoveWebAuthnView):
    title = "Remove this passkey?"
    success_url = reverse_lazy("mfa_index")


class AddApp(AtTheDesk, totp.ActivateTOTPView):
    title = "Set up an authenticator app"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Whoever else has a copy of this session would see the secret, and keep it unseen, or have the owner take theirs.
        sessions.renew(request)
        return super().get(request, *args, **kwargs)

    def get_success_url(self) -> str:
        return _after_adding(self.request, self.did_generate_recovery_codes)


class RemoveApp(AtTheDesk, totp.DeactivateTOTPView):
    title = "Do without the authenticator app?"


class RecoveryCodes(AtTheDesk, codes.ViewRecoveryCodesView):
    title = "Recovery codes"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        going_to = self.request.session.pop(GOING_TO, "")
        return super().get_context_data(**kwargs) | {"going_to": going_to or reverse("admin:index")}


class NewRecoveryCodes(AtTheDesk, codes.GenerateRecoveryCodesView):
    title = "New recovery codes"


def _after_adding(request: HttpRequest, has_new_codes: bool) -> str:
    return reverse("mfa_view_recovery_codes") if has_new_codes else reverse("mfa_index")


@never_cache
@require_POST
@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    """`session`: the number of one of one's own; without it, all others."""
    user: Any = request.user
    if asked := proof.ask_again(request):
        # A thief would be the only one left.
        return asked
    if session := request.POST.get("session"):
        # This one is logged out of by the button for it.
        others = sessions.of(user).exclude(pk=request.session.get(ROW, 0))
        ended = sessions.end(others.filter(pk=number_in(session)))
    else:
        ended = sessions.end_others(user, request)
    audit.note_ended(ended, "by hand")
    said = "Logged out there." if len(ended) == 1 else f"Logged out in {len(ended)} places."
    messages.success(request, said if ended else "There was nothing left to end.")
    return redirect("mfa_index")


def _next(request: HttpRequest) -> str:
    """Where the page leads afterwards, if it is on this site."""
    url = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    return url if url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}) else ""


change_password = ChangePassword.as_view()
account = never_cache(login_required(Account.as_view()))
add_passkey = never_cache(AddPasskey.as_view())
rename_passkey = never_cache(RenamePasskey.as_view())
remove_passkey = never_cache(RemovePasskey.as_view())
add_app = never_cache(AddApp.as_view())
remove_app = never_cache(RemoveApp.as_view())
recovery_codes = RecoveryCodes.as_view()
new_recovery_codes = never_cache(NewRecoveryCodes.as_view())
