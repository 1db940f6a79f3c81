"""Pages of what went wrong: they say whose they are, keep what was typed, and ask nothing that may be away."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import expect

from articles.tests.factories import make_article, make_contributor
from articles.tests.story_form import form_of, url
from newsportal import bare
from newsportal.security import policy
from newsportal.tests.forms import opened
from newsportal.tests.logging_in import PASSWORD

pytestmark = pytest.mark.django_db

WORDS = "It rained on the harbour all night, and the editor had been writing about it for an hour."
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def strict():
    """A browser whose forms need a token."""
    return Client(enforce_csrf_checks=True)


def token_of(answer) -> str:
    return re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.content.decode())[1]


def test_a_form_of_a_page_that_is_too_old_comes_back_with_what_was_typed_and_can_be_sent(strict, editor):
    story = make_article(headline="Harbour")
    story.record(editor)
    strict.force_login(editor)
    strict.get(url(story))
    old = form_of(story, headline="Rain", body=f"<p>{WORDS}</p>", edit_kind="minor") | {"csrfmiddlewaretoken": "x" * 64}
    refused = strict.post(url(story), old, headers=OURS)
    page = refused.content.decode()
    assert (refused.status_code, refused["Cache-Control"]) == (403, "no-store")
    assert "Please send it again" in page and WORDS in page and "The Test Post" in page
    assert "x" * 64 not in page and "log in, in another window" not in page
    assert strict.post(url(story), old | {"csrfmiddlewaretoken": token_of(refused)}, headers=OURS).status_code == 302
    story.refresh_from_db()
    assert WORDS in story.body


def test_who_is_not_logged_in_any_more_is_told_to_do_that_first(strict):
    page = strict.post("/admin/articles/article/add/", {"body": f"<p>{WORDS}</p>"}, headers=OURS).content.decode()
    assert 'href="/admin/login/" target="_blank"' in page and WORDS in page


def test_what_was_written_by_who_is_not_logged_in_any_more_comes_back_and_can_be_saved(strict, editor):
    """Without scripts, which would have told before it was sent."""
    story = make_article(headline="Harbour")
    story.record(editor)
    strict.force_login(editor)
    token = token_of(strict.get(url(story)))
    written = form_of(story, headline="Rain", body=f"<p>{WORDS}</p>", _opened_with="x" * 80) | {
        "csrfmiddlewaretoken": token
    }
    Session.objects.all().delete()

    refused = strict.post(url(story), written, headers=OURS)
    page = refused.content.decode()
    assert (refused.status_code, refused["Cache-Control"]) == (403, "no-store")
    assert "Your login has ended" in page and WORDS in page and 'href="/admin/login/" target="_blank"' in page
    assert page.count("<textarea") == 1, "of all that the form carries somebody has written one thing"
    strict.force_login(editor)
    assert (
        strict.post(url(story), written | {"csrfmiddlewaretoken": token_of(refused)}, headers=OURS).status_code == 302
    )
    story.refresh_from_db()
    assert WORDS in story.body


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        ({"action": "delete_selected"}, OURS),
        ({"body": WORDS}, OURS | {"Sec-Fetch-Dest": "empty"}),
        ({"body": WORDS}, {"Sec-Fetch-Site": "cross-site"}),
    ],
    ids=["nothing was written", "by a script", "by another site"],
)
def test_all_else_leads_to_the_login(client, sent, headers):
    answer = client.post("/admin/articles/article/", sent, headers=headers)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/admin/articles/article/")


@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_what_another_site_sends_is_not_shown(strict, editor, headers):
    strict.force_login(editor)
    answer = strict.post("/admin/articles/article/add/", {"body": f"<p>{WORDS}</p>"}, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert WORDS not in page and "<form" not in page and "Go back, load the page again" in page


def test_a_login_from_an_old_page_gives_no_password_back(strict, editor):
    answer = strict.post("/admin/login/", {"login": "editor", "password": PASSWORD}, headers=OURS)
    assert answer.status_code == 403
    assert PASSWORD not in answer.content.decode()


def test_who_may_not_is_told_so_in_the_papers_name(client, reporter):
    client.force_login(reporter)
    answer = client.get("/admin/auth/user/")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "ask an administrator" in page and "The Test Post" in page and 'href="/admin/"' in page


def test_nobody_else_is_told_where_the_desk_is(client):
    answer = client.get("/", headers={"Host": "elsewhere.example"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "could not make sense" in page and "/admin/" not in page


def test_what_went_wrong_is_said_without_a_question_to_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        for template in ("400.html", "403.html", "404_deleted.html", "500.html", "503.html"):
            page = bare.answer(template, 500).content.decode()
            assert "The Test Post" in page and 'href="/"' in page


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_is_said_in_the_theme_that_was_chosen_and_is_a_page_like_any_other(watch):
    answered = bare.answer("500.html", 500).content.decode()
    page = watch.page(color_scheme="light")
    page.route("**/broken/", lambda route: route.fulfill(
        body=answered, content_type="text/html", headers={"Content-Security-Policy": policy(False)}
    ))  # fmt: skip
    page.goto("/")
    page.click("[data-theme-switch]")
    page.goto("/broken/")
    expect(page.locator("body")).to_have_css("background-color", "rgb(14, 21, 27)")
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", "/static/img/favicon.svg")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


# --- What is gone, and what somebody may not do any more ---


def test_what_is_not_there_leads_back_to_the_desk_and_only_those_who_are_at_it(client, editor, outsider):
    make_article(headline="Harbour")
    gone = "/admin/articles/article/999/history/"
    client.force_login(editor)
    answer = client.get(gone)
    page = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (404, "no-store")
    assert "may have been deleted meanwhile" in page and '<a href="/admin/">To the desk</a>' in page
    assert "to be copied" not in page
    # What was typed into a page of our own about what is gone is there still.
    page = client.post(
        "/admin/articles/article/999/links/", {"_make": "1", "name": WORDS}, headers=OURS
    ).content.decode()
    assert "to be copied" in page and WORDS in page
    assert "Harbour" in client.get("/nowhere/").content.decode()
    for person in (editor, outsider, None):
        client.logout()
        if person:
            client.force_login(person)
        assert "/admin/" not in client.get("/nowhere/").content.decode()
        if person != editor:
            assert "To the desk" not in client.get(gone, follow=True).content.decode()


@pytest.mark.parametrize(("headers", "is_shown"), [(OURS, True), ({"Sec-Fetch-Site": "cross-site"}, False)])
def test_who_may_not_do_it_any_more_keeps_what_they_have_written(client, editor, headers, is_shown):
    person = make_contributor()
    url = f"/admin/articles/contributor/{person.pk}/change/"
    client.force_login(editor)
    written = opened(client, url) | {"biography": WORDS}
    editor.groups.clear()
    answer = client.post(url, written, headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 403 and "ask an administrator" in page
    assert (WORDS in page) == ("to be copied" in page) == is_shown
    assert ("readonly" in page, "Biography</label>" in page) == (is_shown, is_shown)
    assert written["_opened_with"] not in page and 'href="/admin/"' in page and "<form" not in page


def test_who_has_written_nothing_is_given_nothing_to_copy(client, reporter):
    client.force_login(reporter)
    page = client.post(
        "/admin/articles/frontpagestory/", {"off": 1, "seen": "lead=1;secondary=2,3,4;" * 5}, headers=OURS
    )
    assert page.status_code == 403 and "to be copied" not in page.content.decode()
