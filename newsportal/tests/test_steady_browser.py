"""A page that is being loaded stays where it is."""

import re
import time

import pytest
from django.http import HttpResponse
from playwright.sync_api import expect

from articles.tests.factories import make_article, make_image
from articles.tests.sample_pictures import drawing
from newsportal.middleware import QuickGzip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHIFTS = """
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
        const box = ({ x, y, width, height }) => [x, y, width, height];
        const moved = entry.sources.map(({ node, previousRect, currentRect }) =>
            `${node?.outerHTML?.slice(0, 60) ?? node?.nodeName} ${box(previousRect)} > ${box(currentRect)}`);
        window.shifted = [...(window.shifted || []), ...moved];
    }
}).observe({ type: "layout-shift", buffered: true });
"""


def in_drops(response):
    """A slow line: the browser draws what has come so far, again and again. A drop is less than a button of the share block."""
    content = response.content
    for start in range(0, len(content), 300):
        yield content[start : start + 300]
        if response.get("Content-Type", "").startswith("text/html"):
            time.sleep(0.01)


DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_moves_while_a_page_is_loaded(watch, width, monkeypatch):
    story = make_article(
        lead_image=make_image(picture=drawing(1600, 900)), body="<p>It rained on the harbour.</p>" * 20
    )
    page = watch.page()
    page.set_viewport_size({"width": width, "height": 800})
    page.add_init_script(SHIFTS)
    monkeypatch.setattr(QuickGzip, "process_response", lambda self, request, response: response)
    monkeypatch.setattr(HttpResponse, "__iter__", in_drops)
    late, slow = [], True
    page.route(re.compile(r"/static/js/(?!theme)"), lambda route: late.append(route) if slow else route.continue_())
    for path in ("/", story.get_absolute_url()):
        slow = True
        page.goto(path, wait_until="commit")
        expect(page.locator("h1").first).to_be_visible()
        page.evaluate(DRAWN)
        # The scripts that can wait come when the page has been drawn for a while.
        slow = False
        while late:
            late.pop().continue_()
        page.wait_for_load_state("load")
        expect(page.locator("[data-theme-switch]")).to_have_text("Dark")
        page.evaluate(DRAWN)
        assert page.evaluate("window.shifted || []") == [], path


def test_without_scripts_there_is_no_switch_that_does_nothing(watch):
    make_article()
    page = watch.page(java_script_enabled=False)
    page.goto("/")
    expect(page.locator("[data-theme-switch]")).to_be_hidden()
