"""The order of bylines is changed without a mouse: by buttons, and without scripts by a number."""

import pytest
from playwright.sync_api import expect

from articles.tests.factories import make_article, make_contributor
from newsportal.tests.browsing import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def story():
    names = ("Ann Ash", "Ben Birch", "Cy Cedar")
    return make_article(bylines=tuple((make_contributor(name=name), "written") for name in names))


def authors(story) -> list[str]:
    return [byline.contributor.name for byline in story.bylines.all()]


def test_bylines_are_arranged_with_the_keyboard_alone(watch, story, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto(f"/admin/articles/article/{story.pk}/change/")
    up = page.get_by_role("button", name="Move “Written by Cy Cedar” up")
    up.focus()
    box = up.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    for place in (2, 1, 1):
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text=f"Cy Cedar” is number {place} of 3.")).to_be_visible()
        expect(up).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Written by Cy Cedar” is number 2 of 3.")).to_be_visible()
    page.locator("[name=_continue]").last.click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert authors(story) == ["Ann Ash", "Cy Cedar", "Ben Birch"]


def test_without_scripts_their_order_is_a_number(watch, story, editor):
    page = watch.page(java_script_enabled=False)
    log_in(page, "editor")
    page.goto(f"/admin/articles/article/{story.pk}/change/")
    for row, number in enumerate((3, 1, 2)):
        page.locator(f"#bylines-{row}").get_by_label("Order").fill(str(number))
    page.locator("[name=_continue]").last.click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert authors(story) == ["Ben Birch", "Cy Cedar", "Ann Ash"]
