"""The readers' talk in a real browser: nicer with scripts, whole without them, and deaf to what readers type."""

import pytest
from playwright.sync_api import expect

from articles.tests.factories import make_article
from comments.identity import confirmation_token
from comments.models import Comment, Commenter, Status
from comments.tests.factories import make_comment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def article():
    return make_article()


def write(page, text, name="Ottilie", email="ottilie@example.org"):
    page.fill("#comment-name", name)
    page.fill("#comment-email", email)
    page.fill("#comment-body", text)
    page.click("text=Send comment")


def test_a_reply_is_written_where_it_belongs(watch, article):
    parent = make_comment(article=article, status=Status.PUBLISHED, name="Marit")
    page = watch.page()
    page.goto(article.get_absolute_url())
    page.click(f"[data-reply='{parent.pk}']")
    expect(page.locator(f"#comment-{parent.pk} form#comment-form h3")).to_have_text("Reply to Marit")
    expect(page.locator("#comment-body")).to_be_focused()
    write(page, "I was there, too.")
    expect(page.locator("[role=status]")).to_contain_text("waits for a moderator")
    assert Comment.objects.get(body="I was there, too.").parent == parent


def test_a_reply_is_written_on_a_page_of_its_own_without_scripts(watch, article):
    parent = make_comment(article=article, status=Status.PUBLISHED, name="Marit", body="It was snowing.")
    page = watch.page(java_script_enabled=False)
    page.goto(article.get_absolute_url())
    page.click("text=Reply to Marit")
    expect(page.locator(".comment-quoted")).to_contain_text("It was snowing.")
    page.fill("#comment-name", "Dagmar")
    page.fill("#comment-email", "dagmar@example.org")
    page.fill("#comment-body", "It was ash.")
    page.click("text=Send reply")
    expect(page.locator("[role=status]")).to_contain_text("waits for a moderator")
    assert Comment.objects.get(body="It was ash.").parent == parent


def test_ones_own_waiting_comment_is_seen_under_the_story_by_oneself(watch, article):
    page, stranger = watch.page(), watch.page()
    page.goto(article.get_absolute_url())
    write(page, "Only I can see this.")
    expect(page.locator("[role=status]")).to_contain_text("waits")
    page.goto(article.get_absolute_url())
    expect(page.locator(".comments-waiting")).to_contain_text("Only I can see this.")
    stranger.goto(article.get_absolute_url())
    expect(stranger.locator("#comments")).not_to_contain_text("Only I can see this.")


def test_reading_asks_for_nothing_and_leaves_no_cookie(watch, article):
    page, asked = watch.page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(article.get_absolute_url(), wait_until="networkidle")
    assert not [url for url in asked if "/comments/" in url]
    assert page.context.cookies() == []


def test_what_was_typed_survives_a_reload(watch, article):
    page = watch.page()
    page.goto(article.get_absolute_url())
    page.fill("#comment-body", "Half a thought")
    page.reload()
    expect(page.locator("#comment-body")).to_have_value("Half a thought")


def test_a_reply_that_was_begun_is_found_where_it_was_begun(watch, article):
    parent = make_comment(article=article, status=Status.PUBLISHED, name="Marit")
    other = make_article()
    page = watch.page()
    page.goto(article.get_absolute_url())
    page.click(f"[data-reply='{parent.pk}']")
    page.fill("#comment-body", "Half an answer")
    # Sent under another story, a comment takes no draft of this one with it.
    page.goto(other.get_absolute_url())
    expect(page.locator("#comment-body")).to_have_value("")
    write(page, "Elsewhere.")
    expect(page.locator("[role=status]")).to_contain_text("waits for a moderator")
    page.goto(article.get_absolute_url())
    for _ in range(2):
        expect(page.locator(f"#comment-{parent.pk} form#comment-form #comment-body")).to_have_value("Half an answer")
        expect(page.locator("#comment-form h3")).to_have_text("Reply to Marit")
        page.reload()
    page.fill("#comment-name", "Dagmar")
    page.fill("#comment-email", "dagmar@example.org")
    page.click("text=Send comment")
    expect(page.locator("[role=status]")).to_contain_text("waits for a moderator")
    assert Comment.objects.get(body="Half an answer").parent == parent
    page.goto(article.get_absolute_url())
    expect(page.locator("#comment-body")).to_have_value("")


def test_who_presses_twice_likes_all_the_same(watch, article):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    page = watch.page()
    page.goto(article.get_absolute_url())
    page.locator("button:has-text('Like')").evaluate("(button) => { button.click(); button.click(); }")
    expect(page.locator("[data-comments-status]")).to_have_text("You like this comment.")
    comment.refresh_from_db()
    assert comment.likes == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_a_comment_is_liked_once(watch, article, scripts):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    page = watch.page(java_script_enabled=scripts)
    page.goto(article.get_absolute_url())
    page.click("button:has-text('Like')")
    expect(page.locator("[data-likes]")).to_have_text("1")
    if scripts:
        expect(page.locator("[data-comments-status]")).to_have_text("You like this comment.")
        page.click("button:has-text('Like')")
        expect(page.locator("[data-likes]")).to_have_text("")
    else:
        assert page.url.endswith(f"#comment-{comment.pk}")


def test_an_address_is_confirmed_with_the_button_of_the_page_that_its_letter_leads_to(watch):
    guest = Commenter.objects.by_email("ottilie@example.org")
    page = watch.page()
    page.goto(f"/comments/confirm/{confirmation_token(guest)}/")
    page.click("text=Yes, this is my address")
    expect(page.locator("[role=status]")).to_have_text("Your address is confirmed in this browser.")
    guest.refresh_from_db()
    assert guest.verified_at
