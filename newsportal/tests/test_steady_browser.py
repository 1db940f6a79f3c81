"""A page that is being loaded stays where it is."""

import pytest
from playwright.sync_api import expect

from articles.tests.factories import make_article, make_image
from articles.tests.sample_pictures import drawing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHIFTS = """
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifted = (window.shifted || 0) + entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_moves_while_a_page_is_loaded(watch, width):
    story = make_article(
        lead_image=make_image(picture=drawing(1600, 900)), body="<p>It rained on the harbour.</p>" * 20
    )
    page = watch.page()
    page.set_viewport_size({"width": width, "height": 800})
    page.add_init_script(SHIFTS)
    for path in ("/", story.get_absolute_url()):
        page.goto(path)
        expect(page.locator("[data-theme-switch]")).to_be_visible()
        page.wait_for_timeout(300)
        assert page.evaluate("window.shifted || 0") == 0, path


def test_without_scripts_there_is_no_switch_that_does_nothing(watch):
    make_article()
    page = watch.page(java_script_enabled=False)
    page.goto("/")
    expect(page.locator("[data-theme-switch]")).to_be_hidden()
