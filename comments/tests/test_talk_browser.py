"""The readers' talk in a real browser: nicer with scripts, whole without them, and deaf to what readers type."""

import pytest
from playwright.sync_api import expect

from articles.body.accents import MOST
from articles.tests.factories import make_article
from comments.identity import confirmation_token
from comments.models import Comment, Commenter, Status
from comments.models.comment import MAX_DEPTH
from comments.tests.factories import make_comment
from newsportal.tests.browsing import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def article():
    return make_article()


def write(page, text, name="Ottilie", email="ottilie@example.org"):
    page.fill("#comment-name", name)
    page.fill("#comment-email", email)
    page.fill("#comment-body", text)
    page.click("text=Send comment")


def thanked(page):
    """The comment has arrived, and what this browser had of it has served."""
    expect(page.locator("[role=status]")).to_contain_text("waits for a moderator")
    page.wait_for_load_state()


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
    thanked(page)
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
    thanked(page)
    page.goto(article.get_absolute_url())
    for _ in range(2):
        expect(page.locator(f"#comment-{parent.pk} form#comment-form #comment-body")).to_have_value("Half an answer")
        expect(page.locator("#comment-form h3")).to_have_text("Reply to Marit")
        page.reload()
    page.fill("#comment-name", "Dagmar")
    page.fill("#comment-email", "dagmar@example.org")
    page.click("text=Send comment")
    thanked(page)
    assert Comment.objects.get(body="Half an answer").parent == parent
    page.goto(article.get_absolute_url())
    expect(page.locator("#comment-body")).to_have_value("")


@pytest.fixture
def others(article):
    return [make_comment(article=article, status=Status.PUBLISHED, name=name) for name in ("Marit", "Jonas")]


def test_each_reply_has_its_own_words_and_a_new_comment_too(watch, article, others):
    page = watch.page()
    page.goto(article.get_absolute_url())
    body = page.locator("#comment-body")
    body.fill("To everybody " + "!" * 4500)
    expect(page.locator(".comment-counter")).to_contain_text("characters left")
    for other in others:
        page.click(f"[data-reply='{other.pk}']")
        expect(body).to_have_value("")
        expect(page.locator(".comment-counter")).to_have_text("")
        body.fill(f"To {other.name}")
    page.click("text=Do not reply")
    expect(body).to_have_value("To everybody " + "!" * 4500)
    expect(page.locator(".comment-counter")).to_contain_text("characters left")
    body.press("End")
    body.press_sequentially("!")
    for other in reversed(others):
        page.click(f"[data-reply='{other.pk}']")
        expect(body).to_have_value(f"To {other.name}")
    # Brought back by the browser alone, what was being written would be a new comment.
    page.reload()
    expect(page.locator(f"#comment-{others[0].pk} #comment-body")).to_have_value("To Marit")
    page.click("text=Do not reply")
    expect(body).to_have_value("To everybody " + "!" * 4501)


def test_what_was_typed_before_the_scripts_came_is_not_lost_to_a_draft(watch, article, others):
    page = watch.page()
    page.goto(article.get_absolute_url())
    page.click(f"[data-reply='{others[0].pk}']")
    page.fill("#comment-body", "To Marit")
    late = []
    page.route("**/js/comments.js", lambda route: late.append(route))
    page.goto(article.get_absolute_url(), wait_until="commit")
    page.fill("#comment-body", "To everybody")
    late.pop().continue_()
    page.wait_for_load_state()
    page.click(f"[data-reply='{others[0].pk}']")
    expect(page.locator(f"#comment-{others[0].pk} #comment-body")).to_have_value("To Marit")
    page.click("text=Do not reply")
    expect(page.locator("#comment-body")).to_have_value("To everybody")


def test_who_keeps_no_storage_keeps_the_words_for_as_long_as_the_page(watch, article, others):
    page = watch.page()
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('blocked'); } })")
    page.goto(article.get_absolute_url())
    page.fill("#comment-body", "To everybody")
    page.click(f"[data-reply='{others[0].pk}']")
    page.fill("#comment-body", "To Marit")
    page.click("text=Do not reply")
    expect(page.locator("#comment-body")).to_have_value("To everybody")
    page.click(f"[data-reply='{others[0].pk}']")
    expect(page.locator("#comment-body")).to_have_value("To Marit")


def test_a_reply_that_is_sent_takes_no_other_draft_with_it(watch, article, others):
    marit, jonas = others
    page = watch.page()
    page.goto(article.get_absolute_url())
    page.click(f"[data-reply='{marit.pk}']")
    page.fill("#comment-body", "Half an answer to Marit")
    page.click(f"[data-reply='{jonas.pk}']")
    write(page, "All of an answer to Jonas")
    thanked(page)
    assert Comment.objects.get(body="All of an answer to Jonas").parent == jonas
    page.goto(article.get_absolute_url())
    expect(page.locator(f"#comment-{marit.pk} #comment-body")).to_have_value("Half an answer to Marit")
    page.click(f"[data-reply='{jonas.pk}']")
    expect(page.locator("#comment-body")).to_have_value("")
    # The thank-you, come back to, has had its draft.
    page.fill("#comment-body", "And another thing")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Thank you")
    page.reload()
    page.goto(article.get_absolute_url())
    page.click(f"[data-reply='{jonas.pk}']")
    expect(page.locator("#comment-body")).to_have_value("And another thing")


def test_a_reply_beside_the_deepest_level_takes_its_draft_with_it(watch, article):
    deepest = None
    for _ in range(MAX_DEPTH):
        deepest = make_comment(article=article, parent=deepest, status=Status.PUBLISHED)
    page = watch.page()
    page.goto(article.get_absolute_url())
    page.click(f"[data-reply='{deepest.pk}']")
    write(page, "Deeper still")
    thanked(page)
    assert Comment.objects.get(body="Deeper still").answers == deepest
    page.goto(article.get_absolute_url())
    page.click(f"[data-reply='{deepest.pk}']")
    expect(page.locator("#comment-body")).to_have_value("")


def test_letters_under_heaps_of_marks_stay_in_their_own_comment(watch, article):
    heap = "Z" + "\u0301\u0323" * (MOST // 2)
    loud = make_comment(article=article, status=Status.PUBLISHED, name=heap * 2, body=f"{heap} {heap}")
    quiet = make_comment(article=article, status=Status.PUBLISHED)
    page = watch.page()
    page.goto(article.get_absolute_url())
    neighbours = page.locator(f"#comment-{quiet.pk} .comment-foot, .comment-form h3")
    beside = [neighbour.screenshot() for neighbour in neighbours.all()]
    for part in (".comment-name span", ".comment-text p"):
        page.locator(f"#comment-{loud.pk} {part}").evaluate("(words) => { words.textContent = 'Z'; }")
    assert beside == [neighbour.screenshot() for neighbour in neighbours.all()]


def test_who_presses_twice_likes_all_the_same(watch, article):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    page = watch.page()
    page.goto(article.get_absolute_url())
    page.locator("button:has-text('Like')").evaluate("(button) => { button.click(); button.click(); }")
    expect(page.locator("[data-comments-status]")).to_have_text("You like this comment.")
    comment.refresh_from_db()
    assert comment.likes == 1


def test_a_moderator_who_presses_twice_hears_of_the_first(watch, article, moderator):
    comment = make_comment(article=article, status=Status.PUBLISHED, name="Marit")
    page = watch.page()
    log_in(page, "moderator")
    page.goto("/admin/comments/comment/")
    page.goto(article.get_absolute_url())
    place = page.locator(f"#comment-{comment.pk}")
    place.locator("button[value=spam]").evaluate("(button) => { button.click(); button.click(); }")
    expect(place).to_be_focused()
    page.wait_for_load_state("networkidle")
    expect(page.locator("[data-comments-status]")).to_have_text("Spam: the comment by Marit.")
    comment.refresh_from_db()
    assert comment.status == Status.SPAM
    # What is not there any more is neither liked nor answered, and can still be read by who has turned it away.
    expect(place.locator(".comment-desk button, .comment-foot")).to_have_count(0)
    text = place.locator(".comment-text")
    expect(text).to_have_css("opacity", "1")
    expect(text).to_have_css("text-decoration-line", "line-through")


def test_fields_beside_each_other_stay_in_line_when_one_of_them_is_wrong(watch, article):
    page = watch.page(java_script_enabled=False)
    page.goto(article.get_absolute_url())
    page.locator("form#comment-form").evaluate("(form) => { form.noValidate = true; }")
    page.fill("#comment-name", "x" * 200)
    page.locator("#comment-name").evaluate("(field) => field.removeAttribute('maxlength')")
    page.fill("#comment-email", "nobody")
    page.fill("#comment-body", "It was ash.")
    heard = len(watch.problems)
    page.click("text=Send comment")
    errors = page.locator(".field-error")
    expect(errors.first).to_be_visible()
    watch.problems[heard:] = [problem for problem in watch.problems[heard:] if "400" not in problem]
    # Both in one moment: the page may still be on its way to the form.
    tops = page.evaluate(
        "['name', 'email'].map(n => document.getElementById(`comment-${n}`).getBoundingClientRect().top)"
    )
    assert tops[0] == tops[1]


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
    expect(page.get_by_text("Your address is confirmed in this browser.")).to_have_count(1)
    page.goto("/comments/yours/")
    expect(page.get_by_text("Your address is confirmed in this browser.")).to_have_count(1)
    guest.refresh_from_db()
    assert guest.verified_at
