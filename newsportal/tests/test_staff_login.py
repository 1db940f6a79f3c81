"""Coming in: by password, with a second factor, not too often, from where it is allowed; and what a session is worth."""

import datetime
import re
import runpy
import threading
import time
from types import ModuleType

import pytest
import time_machine
from allauth.account import urls as account_urls
from allauth.mfa import urls as mfa_urls
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from articles.tests.factories import make_article
from comments.tests.factories import make_comment
from newsportal import recurring
from newsportal.doctor import configuration
from newsportal.doctor.finding import Level
from newsportal.environment import BASE_DIR
from newsportal.staff import encryption, guesses, proof, second_factor, sessions
from newsportal.staff.guesses import Limit, Tries
from newsportal.staff.models import AuditEntry, Guesses, StaffSession
from newsportal.staff.urls import urlpatterns
from newsportal.tests.desk_walk import names_of
from newsportal.tests.findings import worst
from newsportal.tests.logging_in import ACCOUNT, CODE, LOGIN, MINUTE, PASSWORD, SECRET, code, is_in, log_in, with_app
from newsportal.tests.saying_again import fields_of, say_again

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_seen():
    sessions._seen.clear()


# --- By password ---


def test_a_password_opens_the_desk_and_leads_where_one_was_going(client, editor):
    page = client.get("/admin/articles/article/", follow=True)
    assert page.redirect_chain[-1][0].startswith(LOGIN)
    assert 'value="/admin/articles/article/"' in page.content.decode()
    answer = log_in(client, next="/admin/articles/article/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/articles/article/")
    assert is_in(client)


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_login_leads_nowhere_else(client, editor, next):
    assert log_in(client, next=next)["Location"] == "/admin/"


def test_whoever_has_no_account_of_the_desk_hears_the_same_and_stays_outside(client, editor, outsider):
    User.objects.create_user("gone", password="open sesame", is_staff=True, is_active=False)
    said = set()
    for name, password in (
        ("editor", "wrong"),
        ("nobody", "wrong"),
        ("outsider", "open sesame"),
        ("gone", "open sesame"),
    ):
        answer = log_in(client, name, password)
        assert answer.status_code == 200
        said |= set(re.findall(r'class="errornote"[^>]*>([^<]+)', answer.content.decode()))
        assert not is_in(client)
    assert len(said) == 1 and "do not belong together" in said.pop()


def test_a_reader_with_an_account_is_told_that_it_is_not_for_the_desk(client, outsider):
    client.force_login(outsider)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403 and "has no place at the desk" in answer.content.decode()


def test_nobody_signs_up_or_resets_or_changes_an_address(client, administrator):
    ours = {pattern.name for pattern in urlpatterns}
    theirs = names_of(account_urls.urlpatterns) | names_of(mfa_urls.urlpatterns)
    assert {"account_signup", "account_email", "account_reset_password", "mfa_authenticate"} <= theirs
    for name in theirs - ours:
        with pytest.raises(NoReverseMatch):
            reverse(name)
    for path in ("signup/", "social/signup/", "email/", "password/reset/", "confirm-email/", "2fa/", "google/login/"):
        for beginning in ("/accounts/", "/admin/", "/admin/account/", "/admin/login/", "/"):
            for person in (client, _logged_in(administrator)):
                answer = person.get(f"{beginning}{path}")
                # An address of the desk says the same to who is not logged in, whether there is something or not.
                assert answer.status_code == 404 or answer.get("Location", "").startswith(LOGIN), path
                assert person.post(f"{beginning}{path}", {"username": "new", "password1": "x"}).status_code in {
                    302,
                    404,
                }
    assert User.objects.count() == 1
    assert {name for name in ours if "signup" in name or "email" in name or "reset" in name} == set()


# --- With a second factor ---


def test_a_password_alone_does_not_open_an_account_that_has_an_app(client, editor):
    with_app(editor)
    answer = log_in(client, next="/admin/back/")
    assert answer["Location"] == CODE
    assert not is_in(client)
    log_in(client, next="/admin/back/")
    page = client.get(CODE).content.decode()
    assert "authenticator app" in page and "Use your passkey" not in page
    assert "did not work" in client.post(CODE, {"code": "000000"}).content.decode()
    assert not is_in(client)
    log_in(client, next="/admin/back/")
    # The window that was opened beside a half-written sentence ends where it closes itself.
    spaced = f"{code()[:3]} {code()[3:]}"
    assert client.post(CODE, {"code": spaced})["Location"] == "/admin/back/"
    assert "You are logged in again" in client.get("/admin/back/").content.decode()


def test_a_code_works_once_whichever_process_takes_it(client, editor):
    with_app(editor)
    with time_machine.travel(timezone.now(), tick=False):
        log_in(client)
        client.post(CODE, {"code": code()})
        assert is_in(client)
        cache.clear()  # that of another process is another one
        other = Client()
        log_in(other)
        assert other.post(CODE, {"code": code()}).status_code == 200
        assert not is_in(other)


@pytest.mark.parametrize("dressed", ["{}-{}", "{}\t{}", "{}.{}", "{} {}"])
def test_a_code_that_was_used_is_no_other_one_in_other_clothes(client, editor, dressed):
    """Whoever looks over a shoulder sees the digits; signs between them are passed over."""
    with_app(editor)
    with time_machine.travel(timezone.now(), tick=False):
        log_in(client)
        client.post(CODE, {"code": code()})
        assert is_in(client)
        other = Client()
        log_in(other)
        assert other.post(CODE, {"code": dressed.format(code()[:3], code()[3:])}).status_code == 200
        assert not is_in(other)


def test_a_code_opens_the_desk_while_redis_is_away(client, editor, settings):
    options = {"CLIENT_CLASS": "django_redis.client.DefaultClient", "IGNORE_EXCEPTIONS": True}
    away = {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": "redis://127.0.0.1:1/0", "OPTIONS": options}
    settings.CACHES = {"default": away}
    with_app(editor)
    log_in(client)
    assert client.post(CODE, {"code": code()}).status_code == 302
    assert is_in(client)


def test_a_recovery_code_works_once(client, editor):
    first, *_ = with_app(editor)
    log_in(client)
    assert client.post(CODE, {"code": first}).status_code == 302
    assert is_in(client)
    assert "9 left" in client.get(ACCOUNT).content.decode()
    other = Client()
    log_in(other)
    assert other.post(CODE, {"code": first}).status_code == 200
    assert not is_in(other)
    assert AuditEntry.objects.filter(event="code_used", subject="editor").count() == 1


def test_secrets_are_not_in_the_database_as_they_are(editor, settings):
    with_app(editor)
    assert SECRET not in str(list(Authenticator.objects.values()))
    # A new key takes the old one along.
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 5, [settings.SECRET_KEY]
    log_in(client := Client())
    assert client.post(CODE, {"code": code()}).status_code == 302


def test_what_is_encrypted_anew_does_without_the_old_key(client, editor, reporter, settings, capsys):
    used, recovery, *_ = with_app(editor)
    log_in(client)
    client.post(CODE, {"code": used})
    old, new = settings.SECRET_KEY, "another key" * 5
    assert worst(configuration.old_keys()) is Level.FINE
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new, [old]
    assert worst(configuration.old_keys()) is Level.ODD
    for number in ("2", "0"):
        call_command("reencrypt_second_factors")
        assert f"anew: {number}." in capsys.readouterr().out
    settings.SECRET_KEY_FALLBACKS = []
    assert worst(configuration.old_keys()) is Level.FINE
    for right, comes_in in ((code(), True), (used, False), (recovery, True)):
        somebody = Client()
        log_in(somebody)
        somebody.post(CODE, {"code": right})
        assert is_in(somebody) is comes_in
    settings.SECRET_KEY = "a third key" * 5
    with_app(reporter)
    assert worst(configuration.old_keys()) is Level.ODD
    with pytest.raises(CommandError, match="“editor”: "):
        call_command("reencrypt_second_factors")
    log_in(client, "reporter")
    assert client.post(CODE, {"code": code(1)}).status_code == 302


def test_codes_of_before_there_was_a_seed_are_encrypted_anew_too(editor, settings):
    with_app(editor)
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    codes.data = {"migrated_codes": [encryption.encrypt("12345678"), encryption.encrypt("87654321")]}
    codes.save()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 5, [settings.SECRET_KEY]
    call_command("reencrypt_second_factors", verbosity=0)
    settings.SECRET_KEY_FALLBACKS = []
    codes.refresh_from_db()
    assert RecoveryCodes(codes).get_unused_codes() == ["12345678", "87654321"]


def test_a_key_that_is_gone_lets_nobody_in_and_breaks_nothing(client, editor, settings):
    with_app(editor)
    settings.SECRET_KEY = "another key" * 5
    log_in(client)
    assert client.post(CODE, {"code": code()}).status_code == 200
    assert not is_in(client)


def test_who_cannot_take_the_second_step_begins_again_as_somebody_else(client, editor, reporter):
    with_app(editor)
    log_in(client)
    assert client.post("/admin/login/again/")["Location"] == LOGIN
    assert client.get(CODE)["Location"] == LOGIN
    log_in(client, "reporter")
    assert is_in(client)


def test_an_app_is_set_up_with_what_it_shows_and_recovery_codes_are_shown_once(client, editor):
    client.force_login(editor)
    page = client.get("/admin/account/app/add/").content.decode()
    secret = re.search(r"<code>(\w+)</code>", page)[1]
    assert "data:image/svg+xml" in page
    wrong = client.post("/admin/account/app/add/", {"code": "000000"})
    assert wrong.status_code == 200 and not second_factor.has_one(editor)
    right = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    answer = client.post("/admin/account/app/add/", {"code": right})
    assert answer["Location"] == "/admin/account/recovery-codes/"
    shown = re.findall(r"<code>(\d{8})</code>", client.get(answer["Location"]).content.decode())
    assert len(set(shown)) == 10
    later = client.get(answer["Location"]).content.decode()
    assert not re.findall(r"\d{8}", later) and "10 of 10 are left" in later
    client.post("/admin/account/app/remove/")
    assert not Authenticator.objects.exists()


def test_of_recovery_codes_one_is_one(client, editor):
    for used in with_app(editor)[1:]:
        assert RecoveryCodes(Authenticator.objects.get(user=editor, type="recovery_codes")).validate_code(used)
    client.force_login(editor)
    client.get(f"{ACCOUNT}recovery-codes/")
    assert "1 of 10 is left" in client.get(f"{ACCOUNT}recovery-codes/").content.decode()
    page = client.get(f"{ACCOUNT}recovery-codes/new/").content.decode()
    assert "the one that you have is worth nothing then" in page


# --- Who must have one ---


@pytest.fixture
def required(settings):
    settings.REQUIRE_SECOND_FACTOR = "publishers"


def test_who_publishes_sets_one_up_before_the_desk_opens(client, required, editor):
    story = make_article(status="draft")
    log_in(client, next=f"/admin/articles/article/{story.pk}/change/")
    address = f"/admin/articles/article/{story.pk}/change/"
    assert client.get(address)["Location"] == ACCOUNT
    for place in ("/admin/", "/admin/articles/article/", "/admin/pictures/", "/admin/articles/article/add/autosave/"):
        for answer in (client.get(place), client.post(place, {"_move": "publish"})):
            assert (answer.status_code, answer["Location"]) == (302, ACCOUNT), place
    client.get(address)
    # What open pages ask for meanwhile is no place to go to.
    client.get(f"/admin/articles/article/{story.pk}/presence/", headers={"Accept": "application/json"})
    client.get("/admin/pictures/", headers={"Sec-Fetch-Dest": "empty"})
    page = client.get(ACCOUNT).content.decode()
    assert "Set up a second factor first" in page
    secret = re.search(r"<code>(\w+)</code>", client.get("/admin/account/app/add/").content.decode())[1]
    right = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    codes = client.get(client.post("/admin/account/app/add/", {"code": right})["Location"]).content.decode()
    assert f'href="{address}"' in codes
    assert client.get(address).status_code == 200


def test_it_is_asked_of_what_somebody_may_do_and_not_of_a_name(client, required, settings, reporter, administrator):
    assert not second_factor.is_required(reporter)
    assert second_factor.is_required(administrator)
    client.force_login(reporter)
    assert is_in(client)
    night = Group.objects.create(name="Night desk")
    night.permissions.set(Permission.objects.filter(codename__in=["change_article", "publish_article"]))
    reporter.groups.add(night)
    assert client.get("/admin/")["Location"] == ACCOUNT
    reporter.groups.set([])
    settings.REQUIRE_SECOND_FACTOR = "everyone"
    assert client.get("/admin/")["Location"] == ACCOUNT
    settings.REQUIRE_SECOND_FACTOR = "none"
    assert is_in(client)


def test_moderating_on_the_site_is_as_closed_as_the_desk(client, settings, moderator):
    comment = make_comment(status="pending")
    address = reverse("comment_in_place") + f"?story={comment.article_id}"
    client.force_login(moderator)
    assert client.get(address).status_code == 200
    settings.REQUIRE_SECOND_FACTOR = "everyone"
    assert client.get(address).status_code == 204
    with_app(moderator)
    client.force_login(moderator)
    assert client.get(address).status_code == 200


def test_a_factor_that_is_set_up_ends_what_was_opened_without_it(client, editor):
    elsewhere = _logged_in(editor)
    client.force_login(editor)
    assert is_in(elsewhere) and is_in(client)
    secret = re.search(r"<code>(\w+)</code>", client.get("/admin/account/app/add/").content.decode())[1]
    client.post("/admin/account/app/add/", {"code": format_hotp_value(hotp_value(secret, int(time.time()) // 30))})
    assert is_in(client) and not is_in(elsewhere)


def test_an_administrator_takes_away_a_lost_factor_and_nobody_takes_that_of_a_superior(client, editor, administrator):
    with_app(editor)
    elsewhere = _logged_in(editor)
    manager = User.objects.create_user("manager", password="open sesame", is_staff=True)
    manager.groups.add(Group.objects.get(name="Administrator"))
    client.force_login(manager)
    address = f"/admin/auth/user/{editor.pk}/second-factor/"
    assert "Take it away" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    assert not Authenticator.objects.exists() and not is_in(elsewhere)
    assert log_in(Client())["Location"] == "/admin/"
    with_app(administrator)
    assert client.post(f"/admin/auth/user/{administrator.pk}/second-factor/").status_code == 403
    assert second_factor.has_one(administrator)


def test_the_last_administrator_who_has_lost_a_phone_is_let_in_from_the_server(client, editor, capsys):
    with_app(editor)
    elsewhere = _logged_in(editor)
    call_command("remove_second_factor", "editor")
    assert "is logged out everywhere" in capsys.readouterr().out
    assert not is_in(elsewhere) and log_in(client)["Location"] == "/admin/"
    for name in ("editor", "nobody"):
        with pytest.raises(CommandError, match=name):
            call_command("remove_second_factor", name)


# --- Not too often ---


def test_a_password_is_tried_ten_times_in_a_quarter_of_an_hour(client, editor):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(10):
            assert "do not belong together" in log_in(client, password="wrong").content.decode()
            cache.clear()
        assert "wrong too often" in log_in(client).content.decode()
        assert not is_in(client)
        assert AuditEntry.objects.filter(event="login_held", subject="editor").count() == 1
        # From elsewhere it still works: a stranger keeps nobody out by failing.
        assert log_in(Client(REMOTE_ADDR="198.51.100.7")).status_code == 302
        clock.shift(16 * MINUTE)
        assert log_in(client).status_code == 302


def test_a_network_tries_no_more_names_than_one_and_invents_none(client, editor, settings):
    """What a client says itself of where it comes from is not believed."""
    for number in range(61):
        answer = log_in(client, f"name {number}", "wrong", headers={"X-Forwarded-For": f"203.0.113.{number}"})
    assert "wrong too often" in answer.content.decode()
    assert "wrong too often" in log_in(client).content.decode()
    assert log_in(Client(REMOTE_ADDR="198.51.100.7")).status_code == 302


def _fail(network: str, times: int, clock, name: str = "editor") -> None:
    """Wrong passwords from an address, ten in each quarter of an hour."""
    for number in range(times):
        if number and not number % 10:
            clock.shift(16 * MINUTE)
        assert log_in(Client(REMOTE_ADDR=network), name, "wrong").status_code == 200


def test_one_network_keeps_nobody_out_however_long_it_fails(client, editor):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        _fail("203.0.113.9", 120, clock)
        assert log_in(Client(REMOTE_ADDR="198.51.100.7")).status_code == 302


def test_one_line_is_one_network_whichever_of_its_addresses_it_takes(client, editor):
    """Whoever has IPv6 at home has 256 networks and more (RIPE-690)."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(12):
            _fail(f"2001:db8:0:{number:x}::1", 10, clock)
        assert log_in(Client(REMOTE_ADDR="2001:db8:0:100::1")).status_code == 302
        for number in range(60):
            log_in(Client(REMOTE_ADDR=f"2001:db8:1:{number:x}::1"), f"name {number}", "wrong")
        assert "wrong too often" in log_in(Client(REMOTE_ADDR="2001:db8:1:ff::1")).content.decode()


def test_a_name_is_tried_thirty_times_a_day_from_one_network(client, editor):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        _fail("203.0.113.9", 30, clock)
        clock.shift(16 * MINUTE)
        here = Client(REMOTE_ADDR="203.0.113.9")
        page = log_in(here).content.decode()
        assert "wrong too often today" in page and "quarter" not in page
        clock.shift(datetime.timedelta(hours=24))
        assert log_in(here).status_code == 302


def test_many_networks_together_try_a_name_three_hundred_times_a_day_at_most(client, editor):
    addresses = [f"203.0.113.{number}" for number in range(40)]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        # The worst for us: nine use up what one network may before the tenth fills what all may.
        for address in addresses[:9]:
            _fail(address, 30, clock)
        for address in addresses[9:]:
            _fail(address, 10, clock)
        looked_at = AuditEntry.objects.filter(event="login_failed", subject="editor").count()
        page = log_in(Client(REMOTE_ADDR="198.51.100.7")).content.decode()
        assert "From several places" in page and "quarter" not in page
    assert looked_at == 9 * 30 + 10


def test_where_one_has_come_in_before_no_stranger_keeps_one_out(client, editor):
    home, elsewhere = Client(REMOTE_ADDR="198.51.100.7"), Client(REMOTE_ADDR="198.51.100.8")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert log_in(home).status_code == 302
        clock.shift(datetime.timedelta(days=20))
        for number in range(12):
            _fail(f"203.0.113.{number}", 10, clock)
        assert "From several places" in log_in(elsewhere).content.decode()
        assert log_in(Client(REMOTE_ADDR="198.51.100.7")).status_code == 302
        # That does not give the strangers another hundred, and there, too, one fails ten times and not more.
        assert "From several places" in log_in(elsewhere).content.decode()
        _fail("198.51.100.7", 10, clock)
        assert "Wait a quarter of an hour" in log_in(home).content.decode()
        # A name that is nobody's is held in the same words: they tell nobody who has an account.
        for number in range(12):
            _fail(f"203.0.114.{number}", 10, clock, name="nobody")
        assert "From several places" in log_in(elsewhere, "nobody").content.decode()


def test_where_one_has_come_in_is_forgotten_after_a_month(client, editor):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        log_in(client)
        assert "127.0.0.1" not in str(list(Guesses.objects.values()))
        clock.shift(datetime.timedelta(days=29))
        recurring.do_what_is_due()
        assert Guesses.objects.exists()
        clock.shift(datetime.timedelta(days=2))
        recurring.do_what_is_due()
        assert not Guesses.objects.exists()


def test_names_that_are_invented_without_end_leave_rows_with_an_end(client, editor):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(60):
            log_in(Client(), f"name {number}", "wrong")
        kept = Guesses.objects.count()
        assert kept < 60 * 4
        for number in range(60, 120):
            page = log_in(Client(), f"name {number}", "wrong").content.decode()
        assert "wrong too often" in page
        assert Guesses.objects.count() == kept + 1  # that it was held stands in the log once
        clock.shift(datetime.timedelta(days=2))
        assert "where staff were" in recurring.do_what_is_due()
        assert not Guesses.objects.exists()


def test_logging_in_rightly_costs_nothing(client, editor):
    for _ in range(70):
        assert log_in(Client()).status_code == 302


def test_a_code_is_tried_eight_times(client, editor):
    recovery = with_app(editor)[0]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(8):
            log_in(client)
            assert client.post(CODE, {"code": "000000"}).status_code == 200
        for right in (code(), recovery):
            log_in(client)
            assert "wrong too often" in client.post(CODE, {"code": right}).content.decode()
        clock.shift(16 * MINUTE)
        log_in(client)
        assert client.post(CODE, {"code": code()}).status_code == 302


def test_who_has_a_session_does_not_guess_the_password_in_it(client, editor):
    client.force_login(editor)
    new = {"new_password1": "mine now, and long", "new_password2": "mine now, and long"}
    for _ in range(10):
        page = client.post("/admin/password_change/", new | {"old_password": "a guess"}).content.decode()
        assert "wrong too often" not in page
    page = client.post("/admin/password_change/", new | {"old_password": PASSWORD}).content.decode()
    assert "wrong too often" in page
    # Nor by saying again who one is: it is the same count.
    assert "wrong too often" in client.post("/admin/account/confirm/", {"password": PASSWORD}).content.decode()
    editor.refresh_from_db()
    assert editor.check_password(PASSWORD)
    assert AuditEntry.objects.filter(event="login_failed", subject="editor").count() == 10


def test_what_was_counted_is_forgotten(editor, client):
    log_in(client, password="wrong")
    assert Guesses.objects.count() == 4
    assert "editor" not in str(list(Guesses.objects.values())) and "127.0.0.1" not in str(
        list(Guesses.objects.values())
    )
    guesses.forget(timezone.now() + datetime.timedelta(days=2))
    assert not Guesses.objects.exists()


def test_one_day_of_a_clock_that_was_wrong_keeps_nobody_out_for_years(client, editor):
    now = timezone.now()
    with time_machine.travel(now + datetime.timedelta(days=3000), tick=False):
        for _ in range(11):
            answer = log_in(client, password="wrong")
        assert "wrong too often" in answer.content.decode()
    with time_machine.travel(now, tick=False):
        assert log_in(client).status_code == 302
        guesses.forget()
        assert not Guesses.objects.filter(ends_at__gt=now + datetime.timedelta(days=60)).exists()
    # A clock that is a little ahead of another is right, and what was counted by it counts.
    with time_machine.travel(now + MINUTE, tick=False):
        for _ in range(10):
            log_in(Client(), "reporter", "wrong")
    with time_machine.travel(now, tick=False):
        assert "wrong too often" in log_in(Client(), "reporter", "wrong").content.decode()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_than_one_after_the_other():
    took = []

    def guess():
        took.append(Tries([Limit("test", "x", most=3, within=MINUTE)]).take())
        connection.close()

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(took) == [False] * 5 + [True] * 3


# --- Where one is logged in ---


def test_sessions_are_listed_and_ended(client, editor, reporter):
    firefox = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}
    phone = {
        "HTTP_USER_AGENT": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"
    }
    here, there, third = Client(**firefox), Client(**phone, REMOTE_ADDR="198.51.100.7"), Client()
    for person in (here, there, third):
        log_in(person)
    log_in(client, "reporter")
    page = here.get(ACCOUNT).content.decode()
    assert "Firefox on Windows" in page and "Safari on iPhone" in page and "198.51.100.7" in page
    assert page.count("own-here") == 1
    row = StaffSession.objects.get(browser="Safari on iPhone")
    # Nobody ends those of others, and this one has a button of its own.
    client.post("/admin/account/sessions/end/", {"session": row.pk})
    assert is_in(there)
    for number in ("9" * 5_000, "٣", "one"):
        assert here.post("/admin/account/sessions/end/", {"session": number}).status_code == 302
        assert is_in(there) and is_in(third)
    here.post("/admin/account/sessions/end/", {"session": row.pk})
    assert not is_in(there) and is_in(third)
    here.post("/admin/account/sessions/end/")
    assert is_in(here) and not is_in(third) and is_in(client)
    assert AuditEntry.objects.filter(event="session_ended", subject="editor", note__endswith="by hand").count() == 2
    assert here.get("/admin/account/sessions/end/").status_code == 405


def test_a_new_password_ends_all_other_sessions(client, editor):
    elsewhere = _logged_in(editor)
    log_in(client)
    client.post("/admin/password_change/", {"old_password": "open sesame", "new_password1": "another long one",
                                            "new_password2": "another long one"})  # fmt: skip
    assert is_in(client) and not is_in(elsewhere)
    assert StaffSession.objects.filter(user=editor).count() == 1
    # The key of this session is another one now, and the list still ends it.
    sessions._seen.clear()
    assert is_in(client)
    sessions.end(sessions.of(editor))
    assert not is_in(client)


def test_a_password_that_somebody_else_sets_and_an_account_that_is_closed_end_all_sessions(
    client, editor, administrator
):
    elsewhere = _logged_in(editor)
    client.force_login(administrator)
    client.post(f"/admin/auth/user/{editor.pk}/password/", {"password1": "another long one", "password2": "another long one",
                                                          "usable_password": "true", "set-password": "1"})  # fmt: skip
    assert not is_in(elsewhere) and is_in(client)
    assert not StaffSession.objects.filter(user=editor).exists()
    log_in(elsewhere, password="another long one")
    editor.refresh_from_db()
    editor.is_staff = False
    editor.save()
    assert not StaffSession.objects.filter(user=editor).exists()


def test_a_session_of_before_there_was_a_list_is_taken_into_it(client, editor):
    client.force_login(editor)
    StaffSession.objects.all().delete()
    session = client.session
    del session["staff_session"]
    session.save()
    sessions._seen.clear()
    assert is_in(client)
    assert StaffSession.objects.get().user == editor


def test_a_session_that_names_anothers_place_in_the_list_counts_no_more(client, editor, reporter):
    log_in(client)
    elsewhere = _logged_in(reporter)
    theirs = StaffSession.objects.filter(user=reporter)
    before = theirs.values("session_key", "seen_at").get()
    session = client.session
    session[sessions.ROW] = theirs.get().pk
    session.save()
    sessions._seen.clear()
    assert not is_in(client)
    assert theirs.values("session_key", "seen_at").get() == before
    assert is_in(elsewhere)


def test_reading_at_the_desk_writes_nothing(client, editor):
    client.force_login(editor)
    client.get("/admin/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/")
    assert not [query["sql"] for query in queries if query["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]


def test_what_has_run_out_is_forgotten(client, editor):
    client.force_login(editor)
    later = timezone.now() + datetime.timedelta(days=15)
    assert sessions.of(editor).exists()
    with time_machine.travel(later):
        assert not sessions.of(editor).exists()
        sessions.forget()
        assert not StaffSession.objects.exists() and not Session.objects.exists()


# --- Saying that it is still you ---


def _stale(client: Client) -> None:
    session = client.session
    session["proved_at"] = time.time() - 16 * 60
    session.save()


def test_a_readers_data_is_handed_out_after_saying_again_who_one_is(client, administrator):
    guest = make_comment().commenter
    address = reverse("admin:comments_commenter_privacy", args=[guest.pk])
    client.force_login(administrator)
    _stale(client)
    assert client.get(address).status_code == 200
    asked = client.post(address, {"_export": "1"}, follow=True)
    assert asked.redirect_chain[0][0].startswith("/admin/account/confirm/")
    assert not AuditEntry.objects.filter(event="reader_exported").exists()
    refused = say_again(client, asked, password="wrong")
    assert "is not your password" in refused.content.decode()
    # What was sent goes on by itself.
    answer = say_again(client, refused)
    assert answer["Content-Disposition"].startswith("attachment") and "comments" in answer.json()
    assert client.post(address, {"_export": "1"}).status_code == 200


def test_what_waits_goes_on_for_who_sent_it_alone(administrator, reporter):
    """With a browser's own tokens, and not by a form that another site has sent."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator)
    address = f"/admin/auth/user/{reporter.pk}/second-factor/"
    with_app(reporter)

    def token(page):
        return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())[1]

    sent = {"csrfmiddlewaretoken": token(client.get(address))}
    _stale(client)
    asked = client.post(address, sent, follow=True)
    carried = fields_of(asked)
    bare = {name: carried[name] for name in ("next", proof.WAITING)}
    assert client.post("/admin/account/confirm/", {"password": PASSWORD} | bare).status_code == 403
    assert second_factor.has_one(reporter)
    assert say_again(client, asked)["Location"] == f"/admin/auth/user/{reporter.pk}/change/"
    assert not second_factor.has_one(reporter)


@pytest.mark.parametrize("place", ["change/", "delete/", "second-factor/"])
def test_a_role_is_changed_after_saying_again_who_one_is(client, administrator, reporter, place):
    client.force_login(administrator)
    _stale(client)
    answer = client.post(f"/admin/auth/user/{reporter.pk}/{place}", {"post": "yes", "is_superuser": "on"})
    assert answer["Location"].startswith("/admin/account/confirm/")
    reporter.refresh_from_db()
    assert not reporter.is_superuser


def test_a_password_for_somebody_else_is_never_kept_while_it_is_asked(client, administrator, reporter):
    client.force_login(administrator)
    _stale(client)
    address = f"/admin/auth/user/{reporter.pk}/password/"
    assert client.get(address)["Location"].startswith("/admin/account/confirm/")
    answer = client.post(address, {"password1": "terribly secret", "password2": "terribly secret"})
    assert answer["Location"].startswith("/admin/account/confirm/")
    assert "terribly" not in str(dict(client.session))
    assert client.post(answer["Location"], {"password": "open sesame"})["Location"] == address


def test_factors_are_added_and_removed_after_saying_again_who_one_is(client, editor):
    with_app(editor)
    client.force_login(editor)
    _stale(client)
    assert client.get(f"{ACCOUNT}recovery-codes/")["Location"].startswith("/admin/account/confirm/")
    for path in ("app/remove/", "passkeys/add/", "recovery-codes/new/"):
        for answer in (client.get(f"{ACCOUNT}{path}"), client.post(f"{ACCOUNT}{path}")):
            assert answer["Location"].startswith("/admin/account/confirm/"), path
    assert second_factor.has_one(editor)
    # By the app as well as by the password, and within the same limits.
    assert client.post("/admin/account/confirm/code/", {"code": "000000"}).status_code == 200
    assert client.post("/admin/account/confirm/code/", {"code": code()}).status_code == 302
    assert client.get(f"{ACCOUNT}passkeys/add/").status_code == 200


# --- A session that was stolen ---


def test_a_stolen_session_of_a_reporter_publishes_nothing_and_reads_nobody(client, reporter, editor):
    """Whoever has the cookie and not the password, a quarter of an hour after the login."""
    make_comment(email="wilhelmina@example.org")
    own = make_article(status="draft", created_by=reporter)
    draft = make_article(status="draft", headline="Secret plans", created_by=editor)
    draft.record(editor)
    client.force_login(reporter)
    _stale(client)
    seen = ""
    for name in names_of_desk():
        for args in ([], [own.pk], [draft.pk], [draft.pk, 1]):
            try:
                address = reverse(f"admin:{name}", args=args)
            except NoReverseMatch:
                continue
            if name in {"logout", "view_on_site"}:
                continue
            seen += client.get(address, follow=True).content.decode(errors="replace")
            answer = client.post(
                address, {"_move": "publish", "_sure": "yes", "_save": "1", "post": "yes", "_export": "1"}
            )
            seen += answer.content.decode(errors="replace")
    assert "wilhelmina" not in seen and "Secret plans" not in seen
    for story in (own, draft):
        story.refresh_from_db()
        assert story.status == "draft"
    # It takes nothing over either: not the password, not the factors.
    client.post("/admin/password_change/", {"old_password": "a guess", "new_password1": "mine now, and long",
                                            "new_password2": "mine now, and long"})  # fmt: skip
    reporter.refresh_from_db()
    assert reporter.check_password("open sesame")
    assert client.get(f"{ACCOUNT}app/add/")["Location"].startswith("/admin/account/confirm/")


def names_of_desk() -> set[str]:
    from django.contrib import admin

    return {name for name in names_of(admin.site.urls[0]) if name}


# --- From where ---


def test_outside_of_its_networks_the_desk_is_not_there(client, settings, editor, moderator):
    import ipaddress

    settings.ADMIN_NETWORKS = [ipaddress.ip_network("10.8.0.0/16")]
    inside, spoofs = Client(REMOTE_ADDR="10.8.3.4"), {"X-Forwarded-For": "10.8.3.4"}
    nowhere = {"GET": client.get("/nowhere/"), "POST": client.post("/nowhere/")}
    for path in ("/admin", "/admin/", LOGIN, "/admin/pictures/", "/admin/jsi18n/", ACCOUNT):
        for answer in (client.get(path), client.post(path), client.get(path, headers=spoofs)):
            assert answer.status_code == 404 and "Location" not in answer
            other = nowhere[answer.wsgi_request.method]
            assert answer.headers.keys() == other.headers.keys() and answer.content == other.content
    assert inside.get(LOGIN).status_code == 200
    assert client.get(LOGIN, REMOTE_ADDR="::ffff:10.8.3.4").status_code == 200
    log_in(inside)
    assert is_in(inside)
    # A cookie that was carried outside is worth nothing there, on readers' pages either.
    comment = make_comment(status="pending")
    address = reverse("comment_in_place") + f"?story={comment.article_id}"
    client.force_login(moderator)
    assert client.get(address).status_code == 204
    assert client.get(address, REMOTE_ADDR="10.8.3.4").status_code == 200
    settings.TRUSTED_PROXIES = [ipaddress.ip_network("127.0.0.1")]
    assert client.get(LOGIN, headers=spoofs).status_code == 302  # to the desk: logged in, and inside


def test_the_desk_moves_where_it_is_told_to_and_nothing_says_where(client, settings, editor):
    settings.ADMIN_PATH = "newsroom/desk/"
    routes = ModuleType("routes")
    vars(routes).update(runpy.run_path(str(BASE_DIR / "newsportal" / "urls.py")))
    settings.ROOT_URLCONF = routes
    for path in ("/admin/", LOGIN, ACCOUNT, "/admin/pictures/"):
        assert client.get(path).status_code == 404
    assert "newsroom" not in client.get("/").content.decode() + client.get("/robots.txt").content.decode()
    assert "/admin" not in client.get("/robots.txt").content.decode()
    answer = client.get("/newsroom/desk/articles/article/")
    assert answer["Location"] == "/newsroom/desk/login/?next=/newsroom/desk/articles/article/"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert client.post(answer["Location"], {"login": "editor", "password": PASSWORD}).status_code == 302
    settings.REQUIRE_SECOND_FACTOR = "publishers"
    assert client.get("/newsroom/desk/")["Location"] == "/newsroom/desk/account/"
    settings.REQUIRE_SECOND_FACTOR = "none"
    # The editor's script asks the page for the way to the pictures.
    assert '<meta name="desk" content="/newsroom/desk/">' in client.get("/newsroom/desk/").content.decode()
    assert client.get("/newsroom/desk/pictures/").status_code == 200
    passed_on = runpy.run_path(str(BASE_DIR / "newsportal" / "page_cache" / "key.py"))["passed_on"]()
    assert passed_on.match("/newsroom/desk/login/") and not passed_on.match("/admin/")


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
