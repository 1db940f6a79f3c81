"""Passkeys in a real browser, with an authenticator that Chromium itself plays (WebDriver's virtual authenticator)."""

import re
import time

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils import timezone
from playwright.sync_api import expect

from articles.models import Article
from articles.tests.factories import make_article
from articles.tests.story_form import url
from newsportal.staff.models import AuditEntry
from newsportal.tests.browsing import log_in
from newsportal.tests.logging_in import MINUTE, PASSWORD, SECRET, with_app

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def authenticator(page) -> None:
    """A device with a fingerprint reader, whose owner is always there."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_enter_in_the_name_of_a_passkey_adds_it(watch, editor):
    page = watch.page()
    authenticator(page)
    log_in(page, "editor")
    page.goto("/admin/account/passkeys/add/")
    page.get_by_label("Name").fill("Laptop")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_passkey_is_added_and_then_logs_in_by_itself(watch, editor, settings):
    settings.REQUIRE_SECOND_FACTOR = "publishers"
    page = watch.page()
    authenticator(page)
    page.goto("/admin/login/?next=/admin/articles/article/")
    page.fill("#id_username", "editor")
    page.fill("#id_password", "open sesame")
    page.click("[type=submit]")
    expect(page.get_by_role("heading", name="Set up a second factor first")).to_be_visible()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="on to the desk").click()
    expect(page).to_have_url(re.compile("^[^?]*/admin/articles/article/$"))
    page.click("#logout-form button")
    page.goto("/admin/login/?next=/admin/articles/article/")
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page).to_have_url(re.compile("^[^?]*/admin/articles/article/$"))
    assert AuditEntry.objects.filter(event="logged_in", actor="editor", note="passkey").exists()
    # Beside a password it is asked for, too.
    page.click("#logout-form button")
    page.goto("/admin/login/")
    page.fill("#id_username", "editor")
    page.fill("#id_password", "open sesame")
    page.click("#login-form [type=submit]")
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.locator("#user-tools")).to_be_visible()


@pytest.mark.parametrize("way", ["password", "passkey"])
def test_what_waits_for_somebody_to_say_that_it_is_still_them_goes_on(watch, administrator, reporter, way):
    page = watch.page()
    authenticator(page)
    log_in(page, "administrator")
    page.goto("/admin/account/passkeys/add/")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto(f"/admin/auth/user/{reporter.pk}/change/")
    page.fill("#id_first_name", "Wilhelmina")
    with time_machine.travel(timezone.now() + 16 * MINUTE, tick=True):
        page.click("[name=_continue] >> nth=0")
        expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
        page.get_by_text("What you have sent", exact=True).click()
        expect(page.get_by_text("Wilhelmina")).to_be_visible()
        if way == "password":
            page.get_by_role("button", name="Use your password").click()
            page.fill("[name=password]", "wrong")
            page.click("[type=submit] >> nth=0")
            page.fill("[name=password]", PASSWORD)
            page.click("[type=submit] >> nth=0")
        else:
            page.get_by_role("button", name="Use a passkey").click()
        expect(page.locator(".messagelist .success")).to_be_visible()
    reporter.refresh_from_db()
    assert reporter.first_name == "Wilhelmina"


def test_who_is_logged_out_in_the_middle_of_a_sentence_comes_back_by_a_second_step(watch, editor):
    article = make_article(headline="Harbour")
    article.record(editor)
    page = watch.page()
    log_in(page, "editor")
    page.goto(url(article))
    page.fill("#id_standfirst", "First.")
    with_app(editor)  # elsewhere: this session, which came in without, is over
    heard = len(watch.problems)
    page.fill("#id_standfirst", "Typed while logged out.")
    page.click("[name=_continue] >> nth=0")
    expect(page.locator("[data-away]")).to_be_visible(timeout=15_000)
    with page.context.expect_page() as opened:
        page.click("[data-away] a")
    window = opened.value
    window.fill("#id_username", "editor")
    window.fill("#id_password", "open sesame")
    window.click("[type=submit]")
    window.fill("#id_code", format_hotp_value(hotp_value(SECRET, int(time.time()) // 30)))
    with window.expect_event("close"):
        window.click("[type=submit] >> nth=0")
    expect(page.locator("[data-away]")).to_be_hidden(timeout=15_000)
    expect(page.locator("[data-autosave]")).to_contain_text("private copy", timeout=15_000)
    page.click("[name=_continue] >> nth=0")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert Article.objects.get().standfirst == "Typed while logged out."
    assert all("403" in problem for problem in watch.problems[heard:])
    del watch.problems[heard:]
