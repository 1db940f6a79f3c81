"""The addresses of logging in, beneath the desk's. Of allauth's own only these: none signs up, resets or changes an address."""

from django.urls import path

from newsportal.staff import views

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("login/passkey/", views.login_by_passkey, name="mfa_login_webauthn"),
    path("login/code/", views.second_step, name="mfa_authenticate"),
    path("login/again/", views.start_again, name="login_again"),
    path("account/", views.account, name="mfa_index"),
    path("account/confirm/", views.confirm_by_password, name="account_reauthenticate"),
    path("account/confirm/code/", views.confirm_by_code, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", views.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("account/passkeys/add/", views.add_passkey, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/rename/", views.rename_passkey, name="mfa_edit_webauthn"),
    path("account/passkeys/<int:pk>/remove/", views.remove_passkey, name="mfa_remove_webauthn"),
    path("account/app/add/", views.add_app, name="mfa_activate_totp"),
    path("account/app/remove/", views.remove_app, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", views.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", views.new_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/sessions/end/", views.end_sessions, name="end_sessions"),
]
