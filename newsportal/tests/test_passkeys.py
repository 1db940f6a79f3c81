"""Passkeys that are refused stand in the log, those that are right let in whatever others have tried, and each has a name."""

import json
import os

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from fido2.utils import websafe_decode, websafe_encode

from newsportal.staff import proof
from newsportal.staff.models import AuditEntry
from newsportal.tests.logging_in import ACCOUNT, CODE, MINUTE, PASSWORD, is_in
from newsportal.tests.software_passkey import Device

pytestmark = pytest.mark.django_db

LOGIN, BY_PASSKEY, AGAIN = "/admin/login/", "/admin/login/passkey/", "/admin/account/confirm/passkey/"


@pytest.fixture
def device(editor):
    device = Device(editor)
    device.register("Laptop")
    return device


@pytest.fixture
def browser():
    return Client(HTTP_HOST="localhost", HTTP_ORIGIN="http://localhost")


def challenge_of(browser: Client) -> bytes:
    options = browser.get(BY_PASSKEY, HTTP_ACCEPT="application/json").json()["request_options"]
    return websafe_decode(options["publicKey"]["challenge"])


def come_in(browser: Client, device: Device, **changed):
    credential = device.sign(challenge_of(browser))
    credential["response"] |= changed
    return browser.post(BY_PASSKEY, {"credential": json.dumps(credential)})


def failures() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(event="login_failed").order_by("pk").values_list("subject", "note"))


def test_a_passkey_lets_its_owner_in_and_is_noted_as_that(browser, device):
    assert come_in(browser, device).status_code == 302
    assert is_in(browser)
    assert failures() == []
    assert AuditEntry.objects.filter(event="logged_in", actor="editor", note="passkey").exists()


def test_a_passkey_that_is_refused_stands_in_the_log_with_whose_it_said_to_be(browser, editor, device):
    stranger = Device(editor)
    answer = come_in(browser, stranger)
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    assert not is_in(browser)
    assert failures() == [("editor", "passkey")]
    entry = AuditEntry.objects.get(event="login_failed")
    assert (entry.actor, entry.came_from.address) == ("", "127.0.0.1")


def test_one_that_signs_for_something_else_is_refused(browser, device):
    browser.post(BY_PASSKEY, {"credential": json.dumps(device.sign(b"x" * 32))})
    assert not is_in(browser)
    assert failures() == [("editor", "passkey")]


def test_a_stranger_who_asks_for_what_to_sign_leaves_nothing_behind(browser, device):
    for _ in range(3):
        challenge_of(Client(HTTP_HOST="localhost"))
    challenge_of(browser)
    cookie = browser.cookies["passkey"]
    assert (cookie["path"], cookie["max-age"], cookie["samesite"]) == (BY_PASSKEY, 600, "Strict")
    assert cookie["httponly"]
    browser.post(BY_PASSKEY, {"credential": json.dumps(Device(device._user).sign(b"x" * 32))})
    assert not Session.objects.exists() and not browser.cookies["passkey"].value


def test_what_was_signed_is_signed_once_and_not_for_long(browser, device):
    credential = device.sign(challenge_of(browser))
    cookie = browser.cookies["passkey"].value
    another, later = (Client(HTTP_HOST="localhost", HTTP_ORIGIN="http://localhost") for _ in range(2))
    another.cookies["passkey"] = later.cookies["passkey"] = cookie
    with time_machine.travel(timezone.now() + 11 * MINUTE):
        later.post(BY_PASSKEY, {"credential": json.dumps(credential)})
        assert not is_in(later)
    browser.post(BY_PASSKEY, {"credential": json.dumps(credential)})
    assert is_in(browser)
    answer = another.post(BY_PASSKEY, {"credential": json.dumps(credential)})
    assert (answer.status_code, answer["Location"]) == (302, LOGIN) and not is_in(another)


def test_what_an_older_version_has_kept_in_a_session_is_not_signed_any_more(browser, device):
    challenge = os.urandom(32)
    credential = device.sign(challenge)
    session = browser.session
    session["mfa.webauthn.state"] = {"challenge": websafe_encode(challenge), "user_verification": "required"}
    session.save()
    browser.cookies["session"] = session.session_key
    assert browser.post(BY_PASSKEY, {"credential": json.dumps(credential)})["Location"] == LOGIN
    assert not is_in(browser)


@pytest.mark.parametrize("cookie", ["", "x", "e30:x:y"])
def test_a_cookie_that_is_not_ours_lets_nobody_in(browser, device, cookie):
    credential = device.sign(challenge_of(browser))
    browser.cookies["passkey"] = cookie
    assert browser.post(BY_PASSKEY, {"credential": json.dumps(credential)})["Location"] == LOGIN
    assert not is_in(browser)


MALFORMED = [
    {}, [], 7, "x", {"id": "x"}, {"id": None, "rawId": None, "type": None, "response": None},
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}},
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": []},
    {"id": "AA", "rawId": "AA", "type": "public-key",
     "response": {"clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AA", "userHandle": "AA"}},
    {"id": "AA", "rawId": "AA", "type": "public-key",
     "response": {"clientDataJSON": "bnVsbA", "authenticatorData": "A" * 50, "signature": "AA", "userHandle": 7}},
]  # fmt: skip


@pytest.mark.parametrize("credential", MALFORMED, ids=json.dumps)
def test_what_no_browser_sends_is_refused_and_noted_alike(browser, device, credential):
    challenge_of(browser)
    answer = browser.post(BY_PASSKEY, {"credential": json.dumps(credential)})
    assert (answer.status_code, answer["Location"]) == (302, LOGIN)
    # Nothing at all is no attempt.
    assert failures() == ([("an unknown name", "passkey")] if credential else [])
    assert not is_in(browser)


def test_names_that_are_nobodys_are_not_written_down(browser, device):
    come_in(browser, device, userHandle="bm9ib2R5")
    assert failures() == [("an unknown name", "passkey")]


def test_a_flood_is_one_entry_and_keeps_the_owner_out_of_nothing(browser, editor, device):
    stranger = Device(editor)
    for _ in range(25):
        come_in(browser, stranger)
    assert len(failures()) == 20
    held = AuditEntry.objects.filter(event="login_held")
    assert [(entry.subject, entry.note) for entry in held] == [("editor", "passkey")]
    assert "wrong too often" in browser.get(LOGIN).content.decode()
    come_in(browser, device)
    assert is_in(browser)


def test_a_passkey_that_fails_as_the_second_step_is_noted_as_that(browser, editor, device):
    browser.post(LOGIN, {"login": "editor", "password": PASSWORD})
    page = browser.get(CODE).content.decode()
    assert "Use your passkey" in page
    stranger = Device(editor).sign(b"x" * 32)
    assert browser.post(CODE, {"credential": json.dumps(stranger)}).status_code == 200
    assert failures() == [("editor", "second factor, a passkey")]
    assert not is_in(browser)


def test_one_that_fails_where_somebody_says_that_it_is_still_them_is_noted_too(browser, editor, device):
    browser.force_login(editor)
    session = browser.session
    session[proof.PROVED_AT] = 0
    session.save()
    browser.get(AGAIN)
    browser.post(AGAIN, {"credential": json.dumps(Device(editor).sign(b"x" * 32))})
    assert failures() == [("editor", "passkey, to confirm")]


def test_the_passkey_of_an_account_that_is_closed_opens_nothing_and_says_so_in_the_log(browser, editor, device):
    User.objects.filter(pk=editor.pk).update(is_active=False)
    come_in(browser, device)
    assert not is_in(browser)
    assert failures() == [("editor", "passkey of a closed account")]


@pytest.mark.parametrize("credential", ["", "{}"])
def test_one_that_cannot_be_added_is_not_refused_in_silence(desk, credential):
    address = f"{ACCOUNT}passkeys/add/"
    desk.get(address)
    page = desk.post(address, {"name": "Laptop", "credential": credential}).content.decode()
    assert '<p class="errornote" role="alert">This field is required.</p>' in page


# --- Names ---


@pytest.fixture
def passkey(editor):
    return Device(editor).register("Passkey")


@pytest.fixture
def desk(editor, passkey):
    client = Client()
    client.force_login(editor)
    session = client.session
    session[proof.PROVED_AT] = timezone.now().timestamp()
    session.save()
    return client


def test_its_owner_renames_a_passkey_and_the_log_has_both_names(desk, passkey):
    address = f"{ACCOUNT}passkeys/{passkey.pk}/rename/"
    assert address in desk.get(ACCOUNT).content.decode()
    assert 'value="Passkey"' in desk.get(address).content.decode()
    page = desk.post(address, {"name": "Key at home"}, follow=True).content.decode()
    assert "The passkey is called “Key at home” now." in page
    passkey.refresh_from_db()
    assert passkey.wrap().name == "Key at home"
    entry = AuditEntry.objects.get(event="factor_renamed")
    assert (entry.actor, entry.subject, entry.was, entry.now) == (
        "editor", "editor", {"name": "Passkey"}, {"name": "Key at home"},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["", "   ", "x" * 61])
def test_a_name_is_something_that_fits(desk, passkey, name):
    answer = desk.post(f"{ACCOUNT}passkeys/{passkey.pk}/rename/", {"name": name})
    assert answer.status_code == 200 and "errorlist" in answer.content.decode()
    passkey.refresh_from_db()
    assert passkey.wrap().name == "Passkey"


def test_nobody_renames_anothers(desk, reporter):
    anothers = Device(reporter).register("Passkey")
    assert desk.get(f"{ACCOUNT}passkeys/{anothers.pk}/rename/").status_code == 404
    assert desk.post(f"{ACCOUNT}passkeys/{anothers.pk}/rename/", {"name": "Mine"}).status_code == 404
    anothers.refresh_from_db()
    assert anothers.wrap().name == "Passkey"


def test_a_stolen_session_renames_nothing(desk, passkey):
    session = desk.session
    session[proof.PROVED_AT] = (timezone.now() - 16 * MINUTE).timestamp()
    session.save()
    answer = desk.post(f"{ACCOUNT}passkeys/{passkey.pk}/rename/", {"name": "Mine"})
    assert answer["Location"].startswith("/admin/account/confirm/")
    passkey.refresh_from_db()
    assert passkey.wrap().name == "Passkey"
