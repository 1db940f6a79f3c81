"""Who else has a story open is told early; who is logged out in the middle of a sentence goes on with it."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from articles.models import Article, Presence
from articles.tests.story_form import url
from newsportal.tests.browsing import log_in

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)


def test_who_else_is_here_is_told_with_the_time(desk, colleague, article, time_machine):
    time_machine.move_to(datetime.datetime(2026, 11, 24, 9, 42, tzinfo=datetime.UTC))
    assert colleague.post(url(article, "presence")).json()["others"] == []
    time_machine.move_to(datetime.datetime(2026, 11, 24, 9, 44, tzinfo=datetime.UTC))
    assert desk.post(url(article, "presence")).json()["others"] == ["administrator, since 10:42"]
    assert "Also editing this: administrator, since 10:42." in desk.get(url(article)).content.decode()


def test_a_sleeping_tab_is_still_here_and_a_closed_one_is_not(desk, colleague, article, time_machine):
    start = datetime.datetime(2026, 11, 24, 9, 0, tzinfo=datetime.UTC)
    for minutes in (0, 2, 4):
        time_machine.move_to(start + minutes * MINUTE)
        colleague.post(url(article, "presence"))
    time_machine.move_to(start + 6 * MINUTE)
    assert desk.get(url(article, "presence")).json()["others"] == ["administrator, since 10:00"]
    time_machine.move_to(start + 8 * MINUTE)
    assert desk.get(url(article, "presence")).json()["others"] == []
    colleague.post(url(article, "presence"))
    assert desk.get(url(article, "presence")).json()["others"] == ["administrator, since 10:08"]
    colleague.post(url(article, "presence"), {"left": "1"})
    assert desk.get(url(article, "presence")).json()["others"] == []


def test_asking_alone_is_no_presence(desk, article):
    desk.get(url(article, "presence"))
    assert not Presence.objects.exists()


def test_a_colleagues_draft_tells_a_reporter_nothing(article, reporter, outsider):
    client = Client()
    for person in (reporter, outsider):
        client.force_login(person)
        assert client.post(url(article, "presence")).status_code in {302, 403, 404}
    assert not Presence.objects.exists()


def test_a_new_story_has_a_token_and_nobody_beside_it(desk):
    answer = desk.get(reverse("admin:articles_article_presence_new")).json()
    assert answer["token"]
    assert answer["others"] == []


# --- In a browser ---


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_two_browsers_hear_of_each_other_and_of_a_save(watch, article, editor, administrator):
    one, two = watch.page(), watch.page()
    log_in(one, "editor")
    log_in(two, "administrator")
    one.goto(url(article))
    expect(one.locator("[data-others]")).to_be_hidden()
    two.goto(url(article))
    expect(two.locator("[data-others]")).to_contain_text("Also editing this: editor, since")
    two.fill("#id_standfirst", "Theirs.")
    two.click("[name=_continue] >> nth=0")
    expect(two.locator(".messagelist .success")).to_be_visible()
    one.evaluate("document.dispatchEvent(new Event('desk:lost'))")
    expect(one.locator("[data-others]")).to_contain_text("It has been saved since you opened it")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_login_that_ends_loses_no_word(watch, article, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto(url(article))
    page.fill("#id_standfirst", "First.")
    expect(page.locator("[data-autosave]")).to_contain_text("private copy", timeout=15_000)
    page.context.clear_cookies()
    heard = len(watch.problems)
    page.fill("#id_standfirst", "Typed while logged out.")
    # Saving does not leave the page: the text would go to the login, and be gone.
    page.click("[name=_continue] >> nth=0")
    expect(page.locator("[data-away]")).to_be_visible()
    expect(page.locator("#id_standfirst")).to_have_value("Typed while logged out.")
    assert Article.objects.get().standfirst == ""
    with page.context.expect_page() as opened:
        page.click("[data-away] a")
    window = opened.value
    window.fill("#id_username", "editor")
    window.fill("#id_password", "open sesame")
    with window.expect_event("close"):
        window.click("[type=submit]")
    expect(page.locator("[data-away]")).to_be_hidden(timeout=15_000)
    expect(page.locator("[data-autosave]")).to_contain_text("private copy", timeout=15_000)
    page.click("[name=_continue] >> nth=0")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert Article.objects.get().standfirst == "Typed while logged out."
    # Refused requests are noted by the browser, and nothing else has gone wrong.
    assert all("403" in problem for problem in watch.problems[heard:])
    del watch.problems[heard:]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_network_that_fails_loses_no_word(watch, article, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto(url(article))
    heard = len(watch.problems)
    page.context.set_offline(True)
    page.fill("#id_standfirst", "Typed in a tunnel.")
    expect(page.locator("[data-autosave]")).to_contain_text("kept in this browser", timeout=15_000)
    page.context.set_offline(False)
    again = page.context.new_page()
    page.close(run_before_unload=False)
    again.goto(url(article))
    expect(again.locator("[data-autosave]")).to_contain_text("has been kept", timeout=15_000)
    again.reload()
    again.click("text=Look at them")
    expect(again.locator("#id_standfirst")).to_have_value("Typed in a tunnel.")
    del watch.problems[heard:]  # what the browser says of a network that is gone
