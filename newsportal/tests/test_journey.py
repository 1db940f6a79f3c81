"""The whole way of a story, in a real browser: from the desk to its readers, shared, discussed, approved.

Nothing on the way breaks the page's own policy, and nothing is asked of another origin.
"""

from __future__ import annotations

import io
import re

import pytest
from playwright.sync_api import expect

from articles.models import Article, Image
from articles.tests.factories import make_contributor, make_section
from comments.models import Comment, Status
from newsportal.demo.drawing import draw
from newsportal.tests.browsing import choose, choose_lead_picture, log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEADLINE = "Court clears Vladimír Kovařík for a third term & the square fills “again”"


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
    choose_lead_picture(desk, "Brzeň square")
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
    assert lead.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0 if javascript else True
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
    # An honest browser goes straight through, without a token; what knows it stays away from reading pages.
    assert [(cookie["name"], cookie["path"]) for cookie in reader.context.cookies()] == [("reader", "/comments/")]

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
