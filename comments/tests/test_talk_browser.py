"""The readers' talk in a real browser: nicer with scripts, whole without them, and deaf to what readers type."""

import pytest
from django.http import HttpResponse
from playwright.sync_api import expect

from articles.tests.factories import make_article
from comments.identity import COOKIE, remember
from comments.models import Comment, Status
from comments.tests.factories import make_comment, make_reader

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "http://example.org/\"onmouseover=\"alert(1)",
    "https://example.org/'><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "{{ 7|add:7 }}{% debug %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e\u2066gnirts",
    "> <iframe srcdoc='<script>alert(1)</script>'></iframe>",
]  # fmt: skip


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


def test_nothing_a_reader_types_runs_anywhere(watch, article, moderator):
    """One list of payloads through all pages that readers and moderators see them on."""
    page, ran = watch.page(), []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    first = make_comment(article=article, status=Status.PUBLISHED)
    for number, payload in enumerate(PAYLOADS):
        comment = make_comment(
            article=article, name=payload[:60], body=f"{payload}\n\n> {payload}", status=Status.PUBLISHED,
            parent=first if number % 2 else None,
        )  # fmt: skip
        make_comment(article=article, name=payload[:60], body=f"Waiting {payload}")
        page.goto(f"/comments/reply/{comment.pk}/")
        page.goto(f"/comments/report/{comment.pk}/")
        page.fill("#comment-body, #flag-words", payload)
        page.check("[value=other]")
        page.click("text=Report it")
    page.goto(article.get_absolute_url())
    write(page, PAYLOADS[1], name=PAYLOADS[0])
    expect(page.locator("[role=status]")).to_contain_text("waits")
    own = Comment.objects.latest("pk")
    places = [
        article.get_absolute_url(), f"/comments/on/{article.pk}/", f"/comments/replies/{first.pk}/", "/comments/yours/",
        f"/comments/delete/{own.pk}/", f"/comments/waiting/{article.pk}/",
    ]  # fmt: skip
    for place in places:
        page.goto(place, wait_until="networkidle")
        text = page.locator("body").inner_text()
        assert "{{ 7|add:7 }}" in text or place in places[3:], place
        assert page.locator("script:not([src]), [onerror], [onload], [onmouseover]").count() == 0, place
        assert page.locator("a[href^='javascript']").count() == 0, place
    assert not ran


def test_nothing_runs_that_is_written_by_changing_a_comment(watch, article):
    reader = make_reader(email="trusted@example.org", approved=5)
    page, ran = watch.page(), []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    response = HttpResponse()
    remember(response, reader)
    cookie = {"name": COOKIE, "value": response.cookies[COOKIE].value, "url": f"{watch.origin}/comments/"}
    page.context.add_cookies([cookie])
    for number, payload in enumerate(PAYLOADS[:4]):
        comment = make_comment(article=article, reader=reader, body=f"Before {number}")
        page.goto(f"/comments/edit/{comment.pk}/")
        page.fill("#comment-body", f"After {payload}")
        page.click("text=Save")
        expect(page.locator("[role=status]")).to_contain_text("has been changed")
        page.goto(f"/comments/edit/{comment.pk}/")
        expect(page.locator("#comment-body")).to_have_value(f"After {payload}")
    page.goto(article.get_absolute_url())
    expect(page.locator("#comments")).to_contain_text("After <script>alert(1)</script>")
    assert not ran
