"""The queue in a real browser: by keyboard alone, without scripts, beside the comments; and deaf to what readers type."""

import re

import pytest
from playwright.sync_api import expect

from articles.tests.factories import make_article
from comments.decide import decide
from comments.models import Comment, Status, Term
from comments.tests.factories import make_comment
from comments.tests.payloads import PAYLOADS
from newsportal.tests.browsing import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = "/admin/comments/comment/"


@pytest.fixture
def article():
    return make_article()


def statuses() -> dict[str, str]:
    return dict(Comment.objects.values_list("name", "status"))


def test_the_queue_is_worked_by_keys_alone(watch, article, moderator):
    for name in ("Ada", "Bo", "Cy", "Di"):
        make_comment(article=article, name=name)
    page = watch.page()
    log_in(page, "moderator")
    page.goto(QUEUE)
    keys = page.keyboard

    keys.press("j")
    expect(page.locator("#entry-1, [data-entry]").first).to_be_focused()
    keys.press("j")
    keys.press("k")
    keys.press("a")  # Ada is approved, and the eye goes on to Bo
    expect(page.locator(".messagelist")).to_contain_text("Published: the comment by Ada.")
    expect(page.locator("[data-entry]").first).to_be_focused()

    keys.press("r")  # Bo is rejected, with a reason
    expect(page.locator("[name^=reason-]").first).to_be_focused()
    keys.press("O")
    keys.press("Tab")
    keys.type("aaa sss jjj")  # letters in a note decide nothing
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Rejected: the comment by Bo.")
    assert Comment.objects.get(name="Bo").decisions.get().note == "aaa sss jjj"
    assert Comment.objects.get(name="Bo").decisions.get().reason == "off_topic"

    keys.press("s")  # Cy is spam: no, undone
    expect(page.locator(".messagelist")).to_contain_text("Spam: the comment by Cy.")
    keys.press("u")
    expect(page.locator(".messagelist")).to_contain_text("Undone: 1 comment as before.")
    assert statuses() == {"Ada": "published", "Bo": "rejected", "Cy": "pending", "Di": "pending"}

    keys.press("?")
    expect(page.locator("dialog")).to_be_visible()
    keys.press("a")  # not while the list of keys is open
    keys.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    keys.press("j")
    keys.press("x")
    expect(page.locator("[name=selected]:checked")).to_have_count(1)
    assert statuses()["Cy"] == "pending"


@pytest.fixture
def queue(watch, article, moderator):
    """A moderator's page on the queue, in which Ada and Bo wait."""
    for name in ("Ada", "Bo"):
        make_comment(article=article, name=name)
    page = watch.page()
    log_in(page, "moderator")
    page.goto(QUEUE)
    return page


WAITING = {"Ada": "pending", "Bo": "pending"}


def test_no_key_decides_while_no_comment_is_marked(queue):
    for key in "asrx":
        queue.keyboard.press(key)
    queue.locator(".queue-views a").first.focus()
    for key in "asrx":
        queue.keyboard.press(key)
    expect(queue.locator("[data-queue-status]")).to_have_text("No comment is marked: j marks the next one.")
    assert queue.locator(".queue-reject[open], [name=selected]:checked").count() == 0
    assert statuses() == WAITING


def test_after_the_last_comment_the_next_press_decides_nothing(queue):
    queue.keyboard.press("j")
    queue.keyboard.press("j")
    queue.keyboard.press("a")
    expect(queue.locator(".messagelist")).to_contain_text("Published: the comment by Bo.")
    queue.keyboard.press("a")
    queue.wait_for_timeout(500)
    assert statuses() == {"Ada": "pending", "Bo": "published"}


def test_a_key_that_is_held_down_decides_once(queue):
    queue.keyboard.press("j")
    queue.keyboard.down("a")
    expect(queue.locator(".messagelist")).to_contain_text("Published: the comment by Ada.")
    expect(queue.locator("[data-entry]").first).to_be_focused()
    queue.keyboard.down("a")
    queue.keyboard.down("a")
    queue.wait_for_timeout(500)
    assert statuses() == {"Ada": "published", "Bo": "pending"}


# For ours alone: Django's own scripts of the desk do not survive it.
BLOCKED = """
for (const name of ["getItem", "setItem"]) {
    const whole = Storage.prototype[name];
    Storage.prototype[name] = function (key, ...rest) {
        if (key === "queue-keys") throw new DOMException("blocked", "SecurityError");
        return whole.call(this, key, ...rest);
    };
}
"""


def test_escape_closes_the_reasons_and_their_button_stays_where_it_was(queue):
    entry = queue.locator("[data-entry]").first
    button = entry.locator(".queue-reject > summary")
    before = button.bounding_box()
    button.click()
    queue.keyboard.press("Tab")
    expect(entry.locator("[name^=reason-]")).to_be_focused()
    after = button.bounding_box()
    assert (before["x"], before["y"]) == (after["x"], after["y"])
    queue.keyboard.press("Escape")
    expect(entry.locator(".queue-reasons")).to_be_hidden()
    expect(entry).to_be_focused()
    assert statuses() == WAITING


@pytest.mark.parametrize("storage", ["kept", "blocked"])
def test_single_keys_can_be_switched_off_and_on_again(queue, storage):
    if storage == "blocked":
        queue.add_init_script(BLOCKED)
        queue.reload()
    queue.keyboard.press("?")
    queue.get_by_label("Keys are on").uncheck()
    queue.keyboard.press("Escape")
    for key in "?jjax":
        queue.keyboard.press(key)
    expect(queue.locator("dialog")).to_be_hidden()
    assert queue.locator("[data-entry]:focus, [name=selected]:checked").count() == 0
    if storage == "kept":
        queue.reload()
        queue.keyboard.press("?")
        expect(queue.locator("dialog")).to_be_hidden()
    assert statuses() == WAITING
    # The button stays; what is typed into a note is still sent by Enter.
    queue.get_by_role("button", name="Keys").click()
    queue.get_by_label("Keys are on").check()
    queue.get_by_role("button", name="Close").click()
    queue.locator("h1").click()
    queue.keyboard.press("j")
    queue.keyboard.press("a")
    expect(queue.locator(".messagelist")).to_contain_text("Published: the comment by Ada.")


def test_the_marked_comment_has_an_outline_that_forced_colours_keep(queue):
    queue.keyboard.press("j")
    outline = "(entry) => { const s = getComputedStyle(entry); return [s.outlineStyle, s.outlineWidth]; }"
    assert queue.locator("[data-entry]").first.evaluate(outline) == ["solid", "3px"]
    assert queue.locator("[data-entry]").nth(1).evaluate(outline)[0] == "none"


def test_each_button_says_whose_comment_it_decides(queue):
    for name in ("Ada", "Bo"):
        for role, words in (("button", "Approve"), ("button", "Spam"), ("link", "Author…")):
            told = re.compile(f"^{words}.* the comment by {name}$")
            expect(queue.get_by_role(role, name=told)).to_be_visible()
    queue.locator("summary", has_text="Reject… the comment by Bo").click()
    reasons = queue.get_by_role("group", name="Reject the comment by Bo")
    expect(reasons.get_by_role("button", name="Reject")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_enter_in_a_note_rejects_and_undoes_or_approves_nothing(watch, article, moderator, scripts):
    before, comment = make_comment(article=article, name="Ada"), make_comment(article=article, name="Bo")
    decide(before, Status.PUBLISHED, by=moderator)
    page = watch.page(java_script_enabled=scripts)
    log_in(page, "moderator")
    for url in (QUEUE, f"{QUEUE}{comment.pk}/change/"):
        page.goto(url)
        page.click("summary:has-text('Reject…')")
        page.fill("[name^=note-]", "Not about the harbour.")
        page.keyboard.press("Enter")
        if scripts:
            break
        assert statuses() == {"Ada": "published", "Bo": "pending"}
    if scripts:
        expect(page.locator(".messagelist")).to_contain_text("Rejected: the comment by Bo.")
        assert Comment.objects.get(name="Bo").decisions.get().note == "Not about the harbour."
    else:
        page.click("button:text-is('Reject')")
        expect(page.locator(".messagelist")).to_contain_text("Rejected: the comment by Bo.")
    assert statuses() == {"Ada": "published", "Bo": "rejected"}


def test_the_queue_is_worked_without_scripts(watch, article, moderator):
    make_comment(article=article, name="Ada")
    make_comment(article=article, name="Bo")
    page = watch.page(java_script_enabled=False)
    log_in(page, "moderator")
    page.goto(QUEUE)
    page.click("summary:has-text('Reject…') >> nth=0")
    page.select_option("[name^=reason-] >> nth=0", "spam")
    page.click("[name=_reject] >> nth=0")
    expect(page.locator(".messagelist")).to_contain_text("Rejected: the comment by Ada.")
    page.check("[name=selected]")
    page.click("text=Approve selected")
    assert statuses() == {"Ada": "rejected", "Bo": "published"}
    page.click("text=Undo")
    assert statuses() == {"Ada": "rejected", "Bo": "pending"}


def test_a_moderator_decides_beside_the_comments(watch, article, moderator):
    comment = make_comment(article=article, status=Status.PUBLISHED)
    waits, other = make_comment(article=article, name="Marit"), make_comment(article=article, name="Dagmar")
    decide(other, Status.PUBLISHED, by=None)
    page = watch.page()
    page.goto(article.get_absolute_url())
    expect(page.locator(".comment-moderate")).to_have_count(0)
    log_in(page, "moderator")
    page.goto(QUEUE)
    page.goto(article.get_absolute_url())
    page.click(f"#comment-{comment.pk} summary")
    page.select_option(f"#comment-{comment.pk} [name=reason]", "abuse")
    page.fill(f"#comment-{comment.pk} [name=note]", "Not here.")
    page.keyboard.press("Enter")
    expect(page.locator("[data-comments-status]")).to_have_text("Rejected: the comment by Ottilie.")
    decision = comment.decisions.first()
    assert (decision.to_status, decision.reason, decision.note) == ("rejected", "abuse", "Not here.")
    page.click(f"#comment-{waits.pk} >> text=Approve")
    expect(page.locator("[data-comments-status]")).to_have_text("Published: the comment by Marit.")
    page.reload()
    page.click(f"#comment-{other.pk} >> text=Let it stand")
    expect(page.locator("[data-comments-status]")).to_have_text("It stays: the comment by Dagmar.")
    assert statuses() == {"Ottilie": "rejected", "Marit": "published", "Dagmar": "published"}


def test_what_is_decided_beside_the_comments_says_so_and_leads_to_the_desk(watch, article, moderator):
    waiting = {to: make_comment(article=article, name=name) for to, name in (("approve", "Marit"), ("spam", "Dagmar"))}
    page = watch.page()
    log_in(page, "moderator")
    page.goto(QUEUE)
    page.goto(article.get_absolute_url())
    for to, told in (("approve", "Published"), ("spam", "Spam")):
        place = page.locator(f"#comment-{waiting[to].pk}")
        expect(place.locator(".comment-badge")).to_have_text("Waiting")
        place.locator(f"button[value={to}]").click()
        expect(place.locator(".comment-badge")).to_have_text(told)
        expect(place.get_by_role("button")).to_have_count(0)
        desk = place.get_by_role("link", name="At the desk")
        expect(desk).to_have_attribute("href", f"{QUEUE}{waiting[to].pk}/change/")


@pytest.mark.parametrize("since", ["logged out", "logged in anew"])
def test_a_moderator_whose_login_has_ended_is_told_so_where_it_is_seen(watch, article, moderator, settings, since):
    comments = [make_comment(article=article, status=Status.PUBLISHED) for _ in range(12)]
    page = watch.page()
    log_in(page, "moderator")
    page.goto(QUEUE)
    page.goto(article.get_absolute_url())
    button = page.locator(f"#comment-{comments[0].pk} button[value=keep]")
    expect(button).to_be_visible()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    if since == "logged in anew":
        log_in(page.context.new_page(), "moderator")
    heard = len(watch.problems)
    button.click()
    status = page.locator("[data-comments-status]")
    expect(status).to_have_text("You are not logged in any more, or were logged in anew: load this page again.")
    expect(status).to_be_in_viewport()
    del watch.problems[heard:]  # the browser notes what was refused
    assert not Comment.objects.exclude(reviewed_at=None).exists()


def test_a_moderator_decides_without_scripts_on_a_page_of_the_storys_comments(watch, article, moderator):
    make_comment(article=article, name="Marit")
    make_comment(article=article, name="Dagmar", status=Status.PUBLISHED)
    page = watch.page(java_script_enabled=False)
    log_in(page, "moderator")
    page.goto(article.get_absolute_url())
    page.click("text=For moderators")
    page.click("text=Approve the comment by Marit")
    expect(page.locator("[role=status]")).to_have_text("Published")
    page.click("summary:has-text('Dagmar')")
    page.click("button:text-is('Reject') >> visible=true")
    expect(page.locator("[role=status]")).to_have_text("Rejected")
    assert statuses() == {"Marit": "published", "Dagmar": "rejected"}


def test_nothing_runs_that_stands_in_the_list_of_terms(watch, article, administrator):
    page, ran = watch.page(), []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    for payload in PAYLOADS:
        Term.objects.get_or_create(phrase=payload[:120].strip(), defaults={"note": payload[:300]})
        make_comment(article=article, name=payload[:60], body=f"{payload}\n\n> {payload}")
    log_in(page, "administrator")
    for place in ("/admin/comments/term/", f"/admin/comments/term/{Term.objects.first().pk}/change/", QUEUE):
        assert page.goto(place, wait_until="networkidle").status == 200, place
        assert page.locator("[onerror], [onload], [onmouseover], a[href^='javascript'], iframe").count() == 0, place
    page.goto("/admin/comments/term/add/")
    page.fill("#id_phrase", "alert")
    page.click("text=Try it")
    expect(page.locator(".tried h2")).to_contain_text(re.compile("would have caught [1-9]"))
    assert not ran
