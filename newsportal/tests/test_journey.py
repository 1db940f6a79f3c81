"""The whole way of a story, in a real browser: from the desk to its readers, shared, discussed, approved.

Nothing on the way breaks the page's own policy, and nothing is asked of another origin.
"""

from __future__ import annotations

import io
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from articles.models import Article, Image
from articles.tests.factories import make_contributor, make_section
from comments.models import Comment, Status
from newsportal.demo.drawing import draw

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEADLINE = "Court clears Vladimír Kovařík for a third term & the square fills “again”"


class Watch:
    """Notes every violation of the policy and every request to another origin in the contexts that it makes."""

    def __init__(self, browser: Browser, origin: str):
        self.browser, self.origin = browser, origin
        self.problems: list[str] = []
        self.contexts: list[BrowserContext] = []

    def page(self, **options) -> Page:
        context = self.browser.new_context(base_url=self.origin, viewport={"width": 1280, "height": 900}, **options)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._see)
        return page

    def _hear(self, message) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.problems.append(f"console: {message.text}")

    def _see(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.problems.append(f"foreign: {request.url}")


@pytest.fixture
def watch(browser, live_server, settings):
    settings.SITE_URL = live_server.url
    settings.DEBUG = False
    watch = Watch(browser, live_server.url)
    yield watch
    for context in watch.contexts:
        context.close()
    assert not watch.problems


def log_in(page: Page, name: str) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", "open sesame")
    page.click("[type=submit]")
    expect(page.locator("#user-tools")).to_be_visible()


def choose(page: Page, field: str, text: str, *, new: bool = False) -> None:
    """Type into an autocomplete of the admin, and take what it offers."""
    page.locator(f"#id_{field} + .select2 .select2-selection").click()
    page.locator(".select2-search__field").last.fill(text)
    wanted = f"New tag: {text}" if new else text
    page.locator(".select2-results__option", has_text=wanted).first.click()


def picture_file() -> dict:
    buffer = io.BytesIO()
    draw("night-city/journey", (1200, 800)).save(buffer, "JPEG")
    return {"name": "square.jpg", "mimeType": "image/jpeg", "buffer": buffer.getvalue()}


@pytest.mark.parametrize("javascript", [True, False], ids=["reader with JavaScript", "reader without JavaScript"])
def test_from_the_desk_to_the_readers_and_back(watch, editor, moderator, javascript):
    make_section(name="World", colour="petrol")
    make_contributor(name="Tereza Holubová")

    # An editor brings a picture in, writes a story and publishes it.
    desk = watch.page()
    log_in(desk, "editor")
    desk.goto("/admin/articles/image/add/")
    desk.set_input_files("#id_upload", files=[picture_file()])
    desk.fill("#id_title", "Brzeň square")
    desk.fill("#id_alt", "Lanterns in a snow-covered square")
    desk.fill("#id_caption", "The square an hour after the ruling.")
    desk.fill("#id_credit", "Iolo Penhallow")
    desk.click("[name=_save]")
    expect(desk.locator(".messagelist .success")).to_be_visible()

    desk.goto("/admin/articles/article/add/")
    desk.fill("#id_headline", HEADLINE)
    expect(desk.locator("#id_slug")).to_have_value(re.compile("^court-clears-vladimir-kovarik-for-a-third-term"))
    desk.fill("#id_standfirst", "Seven judges to two, and by nightfall the lanterns were out.")
    desk.locator(".ProseMirror[contenteditable=true]").click()
    desk.keyboard.type("The ruling came at four.")
    desk.keyboard.press("Enter")
    desk.keyboard.type("By nightfall the square had filled again.")
    choose(desk, "lead_image", "Brzeň square")
    choose(desk, "section", "World")
    choose(desk, "tags", "Orlavia", new=True)
    choose(desk, "bylines-0-contributor", "Tereza Holubová")
    desk.locator("[name=_move][value=publish]").last.click()
    expect(desk.locator(".messagelist")).to_contain_text("Published:")
    article = Article.objects.get()
    assert article.lead_image == Image.objects.get()
    assert [tag.name for tag in article.tags.all()] == ["Orlavia"]

    # A reader finds it, can share it, and says something.
    reader = watch.page(java_script_enabled=javascript)
    reader.goto("/")
    reader.locator("main a", has_text="Court clears Vladimír").first.click()
    expect(reader.locator("h1")).to_contain_text("Vladimír Kovařík")
    expect(reader.locator("article p", has_text="By nightfall the square had filled again.")).to_be_visible()
    lead = reader.locator("main figure img").first
    expect(lead).to_be_visible()
    assert lead.evaluate("image => image.complete && image.naturalWidth") > 0 if javascript else True
    expect(reader.get_by_text("No comments yet.")).to_be_visible()
    assert reader.context.cookies() == []
    whatsapp = reader.locator("a[href^='https://wa.me'], a[href*='whatsapp']")
    assert whatsapp.count() == 2, "above and below the story"
    assert "Vladim%C3%ADr" in whatsapp.first.get_attribute("href")
    assert reader.locator("[data-share-copy]").first.is_visible() is javascript
    reader.fill("#comment-name", "Ottilie")
    reader.fill("#comment-email", "ottilie@example.org")
    reader.fill("#comment-body", "I was there, and it was cold.")
    reader.locator("#comment-form button[type=submit]").click()
    expect(reader.get_by_role("status")).to_contain_text("waits for a moderator")
    expect(reader.get_by_text("I was there, and it was cold.")).to_be_visible()
    assert reader.context.cookies() == [], "an honest browser goes straight through, without a token"

    # A moderator approves it, and everybody sees it.
    queue = watch.page()
    log_in(queue, "moderator")
    queue.goto("/admin/comments/comment/")
    expect(queue.get_by_text("I was there, and it was cold.")).to_be_visible()
    queue.locator("[name=_approve]").first.click()
    expect(queue.locator(".messagelist .success")).to_contain_text("Published")
    assert Comment.objects.get().status == Status.PUBLISHED

    reader.goto(article.get_absolute_url())
    expect(reader.locator(".comment").get_by_text("I was there, and it was cold.")).to_be_visible()
    expect(reader.get_by_text("No comments yet.")).to_have_count(0)
