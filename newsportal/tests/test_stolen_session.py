"""Two browsers with one cookie, the owner's and a thief's: neither does what the other sent, and who proves to be it is alone."""

import json
import time
from urllib.parse import urlencode

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from comments.tests.factories import make_comment
from newsportal.staff import proof, sessions
from newsportal.staff.models import AuditEntry, StaffSession
from newsportal.tests.logging_in import ACCOUNT, PASSWORD, code, is_in, log_in, with_app
from newsportal.tests.saying_again import fields_of, say_again
from newsportal.tests.software_passkey import Device

pytestmark = pytest.mark.django_db

CONFIRM = "/admin/account/confirm/"
OURS = {"HTTP_HOST": "localhost", "HTTP_ORIGIN": "http://localhost"}


@pytest.fixture(autouse=True)
def nothing_seen():
    sessions._seen.clear()


@pytest.fixture
def owner(administrator):
    client = Client(**OURS)
    log_in(client, administrator.username)
    make_stale(client)
    return client


@pytest.fixture
def thief(owner):
    client = Client(**OURS, REMOTE_ADDR="203.0.113.9")
    client.cookies["session"] = owner.cookies["session"].value
    return client


def make_stale(client: Client) -> None:
    session = client.session
    session["proved_at"] = time.time() - 16 * 60
    session.save()


def change_of(client: Client, user, **changed) -> tuple[str, dict]:
    """The address of an account's form, and what a browser sends with it."""
    address = reverse("admin:auth_user_change", args=[user.pk])
    page = client.get(address)
    joined = page.context["adminform"].form.initial["date_joined"]
    return address, {
        "username": user.username, "first_name": "", "last_name": "", "email": "", "is_active": "on", "is_staff": "on",
        "date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}", "_save": "Save",
        "_opened_with": page.context["opened_with"],
    } | changed  # fmt: skip


# --- What waits ---


def test_what_a_thief_has_sent_is_not_done_when_the_owner_confirms(owner, thief, reporter):
    address, sent = change_of(thief, reporter, is_superuser="on")
    asked = thief.post(address, sent)
    assert asked["Location"].startswith(CONFIRM)
    thief.post(asked["Location"], sent)
    answer = say_again(owner, owner.get(f"{CONFIRM}?next={address}"))
    assert (answer.status_code, answer["Location"]) == (302, address)
    reporter.refresh_from_db()
    assert not reporter.is_superuser


@pytest.mark.parametrize("place", ["app/remove/", "recovery-codes/new/"])
def test_nor_when_the_owner_opens_a_screen_of_the_account(administrator, place):
    with_app(administrator)
    owner, thief = _shared(administrator)
    factors = list(Authenticator.objects.values_list("pk", flat=True))
    thief.post(f"{ACCOUNT}{place}", follow=True)
    answer = say_again(owner, owner.get(f"{ACCOUNT}{place}", follow=True))
    assert (answer.status_code, answer["Location"]) == (302, f"{ACCOUNT}{place}")
    assert list(Authenticator.objects.values_list("pk", flat=True)) == factors


def test_nor_is_a_passkey_added_that_a_thief_has_sent(owner, thief):
    address = f"{ACCOUNT}passkeys/add/"
    thief.post(address, {"name": "Key", "credential": "{}"}, follow=True)
    assert say_again(owner, owner.get(address, follow=True))["Location"] == address
    assert owner.get(address).status_code == 200 and not Authenticator.objects.exists()


def test_what_an_older_version_has_kept_in_the_session_is_not_done(administrator):
    with_app(administrator)
    owner, _ = _shared(administrator)
    address = f"{ACCOUNT}app/remove/"
    session = owner.session
    session["account_reauthentication_state"] = {"request": json.dumps({
        "path": address, "path_info": address, "META": {}, "GET": "", "POST": "", "method": "POST", "scheme": "http",
    })}  # fmt: skip
    session.save()
    assert say_again(owner, owner.get(f"{CONFIRM}?next={address}"))["Location"] == address
    assert Authenticator.objects.filter(type="totp").exists()


def test_nothing_that_is_sent_is_kept_on_the_server(owner, reporter):
    address, sent = change_of(owner, reporter, first_name="Wilhelmina")
    owner.post(address, sent, follow=True)
    assert "Wilhelmina" not in str(dict(owner.session))


def test_a_stranger_who_sends_something_to_the_screens_of_an_account_leaves_nothing_behind(client):
    for place in (
        "app/remove/",
        "app/add/",
        "passkeys/add/",
        "passkeys/1/remove/",
        "recovery-codes/new/",
        "sessions/end/",
    ):
        assert client.post(f"{ACCOUNT}{place}", {"name": "x" * 1000}).status_code in (302, 403), place
    assert not Session.objects.exists()


# --- Nothing is lost ---


def test_what_its_owner_has_sent_is_shown_and_goes_on_with_where_it_comes_from(owner, reporter):
    address, sent = change_of(owner, reporter, first_name="Wilhelmina", is_superuser="on")
    page = owner.post(f"{address}?_changelist_filters=is_staff%3D1", sent, follow=True)
    seen = page.content.decode()
    assert "What you have sent is done once you have said it." in seen
    assert "<dt>Is superuser</dt><dd>on</dd>" in seen and "Wilhelmina" in seen
    assert reporter.password not in seen
    answer = say_again(owner, page, REMOTE_ADDR="198.51.100.7")
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('admin:auth_user_changelist')}?is_staff=1")
    reporter.refresh_from_db()
    assert reporter.is_superuser and reporter.first_name == "Wilhelmina"
    entries = AuditEntry.objects.filter(event="account_changed", subject=reporter.username, actor="administrator")
    assert {(entry.actor, entry.came_from.address) for entry in entries} == {("administrator", "198.51.100.7")}


def test_it_outlives_a_wrong_password_and_another_way_of_saying_it(administrator, reporter):
    with_app(administrator)
    owner, _ = _shared(administrator)
    address, sent = change_of(owner, reporter, first_name="Wilhelmina")
    page = say_again(owner, owner.post(address, sent, follow=True), password="wrong")
    assert "is not your password" in page.content.decode()
    [way] = [way for way in page.context["reauthentication_alternatives"] if way["id"] == "mfa_reauthenticate"]
    other = owner.post(way["brings"], {"_waiting": fields_of(page)["_waiting"]})
    assert "Wilhelmina" in other.content.decode()
    assert say_again(owner, other, code=code()).status_code == 302
    reporter.refresh_from_db()
    assert reporter.first_name == "Wilhelmina"


def test_and_a_passkey_that_did_not_work(administrator, reporter):
    Device(administrator).register("Laptop")
    owner, _ = _shared(administrator)
    address, sent = change_of(owner, reporter, first_name="Wilhelmina")
    page = owner.post(address, sent, follow=True)
    refused = say_again(owner, page, credential=json.dumps(Device(administrator).sign(b"x" * 32)))
    assert refused.status_code == 200 and "That did not work." in refused.content.decode()
    assert fields_of(refused)["_waiting"] == fields_of(page)["_waiting"]
    assert fields_of(refused)["next"] == address


def test_two_windows_that_wait_do_not_get_into_each_others_way(owner, reporter, editor):
    pages = []
    for user, name in ((reporter, "Wilhelmina"), (editor, "Ottilie")):
        address, sent = change_of(owner, user, first_name=name)
        pages.append(owner.post(address, sent, follow=True))
    owner.get(f"{ACCOUNT}app/add/", follow=True)
    for page in pages:
        assert say_again(owner, page).status_code == 302
    assert User.objects.filter(first_name__in=["Wilhelmina", "Ottilie"]).count() == 2


@pytest.mark.parametrize("place", ["", "//elsewhere.example/", "/comments/report/", "http://elsewhere.example/admin/"])
def test_it_goes_on_at_the_desk_and_nowhere_else(owner, place):
    answer = owner.post(CONFIRM, {"password": PASSWORD, "next": place, "_waiting": "post=yes"})
    assert answer.status_code == 302 and "elsewhere" not in answer["Location"]


def test_who_has_to_set_up_a_second_factor_first_gets_no_further_by_it(owner, reporter, settings):
    address, sent = change_of(owner, reporter, is_superuser="on")
    settings.REQUIRE_SECOND_FACTOR = "everyone"
    answer = owner.post(CONFIRM, {"password": PASSWORD, "next": address, "_waiting": urlencode(sent)})
    assert (answer.status_code, answer["Location"]) == (302, ACCOUNT)
    reporter.refresh_from_db()
    assert not reporter.is_superuser


def test_what_waits_comes_back_to_who_is_logged_out_while_it_is_asked(owner):
    guest = make_comment().commenter
    address = reverse("admin:comments_commenter_privacy", args=[guest.pk])
    page = owner.post(address, {"_erase": "1", "reason": "They have asked us to, and here is why. " * 3}, follow=True)
    Session.objects.all().delete()
    given_back = say_again(owner, page)
    assert given_back.status_code == 403 and "They have asked us to" in given_back.content.decode()
    assert f'action="{address}"' in given_back.content.decode()


def test_and_one_whose_sender_has_logged_in_anew_meanwhile(administrator):
    client = Client(enforce_csrf_checks=True, **OURS)
    client.force_login(administrator)
    make_stale(client)
    address = reverse("admin:comments_commenter_privacy", args=[make_comment().commenter.pk])
    sent = {"reason": "They have asked us to, and here is why. " * 3} | fields_of(client.get(address))
    page = client.post(address, sent, follow=True)
    client.cookies["csrf"] = "x" * 32
    given_back = say_again(client, page)
    assert given_back.status_code == 403 and "They have asked us to" in given_back.content.decode()
    assert f'action="{address}"' in given_back.content.decode()


# --- What is proved ---


@pytest.mark.parametrize("way", ["password", "code"])
def test_who_says_that_it_is_them_is_alone_afterwards(administrator, way):
    with_app(administrator)
    owner, thief = _shared(administrator)
    if way == "password":
        owner.post(CONFIRM, {"password": PASSWORD})
    else:
        owner.post(f"{CONFIRM}code/", {"code": code()})
    assert not is_in(thief)
    assert is_in(owner) and owner.get(f"{ACCOUNT}passkeys/add/").status_code == 200
    # Another window of theirs has the same cookies, and the list still ends this one, at once.
    assert StaffSession.objects.get().session_key == owner.cookies["session"].value
    sessions.end(sessions.of(administrator))
    assert not is_in(owner)


def test_logging_out_everywhere_else_ends_copies_too_and_is_not_the_thiefs_to_do(owner, thief):
    asked = thief.post(f"{ACCOUNT}sessions/end/")
    assert asked["Location"].startswith(CONFIRM) and is_in(owner)
    page = owner.post(f"{ACCOUNT}sessions/end/", fields_of(owner.get(ACCOUNT)), follow=True)
    assert say_again(owner, page)["Location"] == ACCOUNT
    assert is_in(owner) and not is_in(thief)


def test_it_does_so_right_after_a_login_as_well(administrator):
    owner, thief = _shared(administrator, stale=False)
    owner.post(f"{ACCOUNT}sessions/end/")
    assert is_in(owner) and not is_in(thief)


def test_a_second_factor_that_is_set_up_ends_copies_too(administrator):
    owner, thief = _shared(administrator, stale=False)
    owner.get(f"{ACCOUNT}app/add/")
    shown = format_hotp_value(hotp_value(owner.session["mfa.totp.secret"], int(time.time()) // 30))
    assert owner.post(f"{ACCOUNT}app/add/", {"code": shown}).status_code == 302
    assert is_in(owner) and not is_in(thief)
    assert StaffSession.objects.get().session_key == owner.cookies["session"].value
    assert RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()


def test_the_secret_of_an_app_is_shown_to_one_browser(administrator):
    """Right after a login, when a copy of its session is as good as it is."""
    owner, thief = _shared(administrator, stale=False)
    page = owner.get(f"{ACCOUNT}app/add/")
    secret = owner.session["mfa.totp.secret"]
    assert secret in page.content.decode()
    assert secret not in thief.post(f"{ACCOUNT}app/add/", {"code": "000000"}, follow=True).content.decode()
    # A digit that was mistyped changes nothing of it.
    assert secret in owner.post(f"{ACCOUNT}app/add/", {"code": "000000"}).content.decode()


def _shared(user, stale: bool = True) -> tuple[Client, Client]:
    owner, thief = Client(**OURS), Client(**OURS)
    owner.force_login(user)
    session = owner.session
    session[proof.PROVED_AT] = time.time() - (16 * 60 if stale else 0)
    session.save()
    thief.cookies["session"] = owner.cookies["session"].value
    return owner, thief


def test_a_thief_ends_no_session_of_the_owners_one_by_one_either(owner, thief, administrator):
    at_home = Client(**OURS)
    log_in(at_home, administrator.username)
    other = StaffSession.objects.order_by("-pk").first()
    thief.post(f"{ACCOUNT}sessions/end/", {"session": other.pk})
    assert is_in(at_home)
