"""A story on paper, and in the few colours that some readers' systems leave: its words, and nothing that is there to be pressed."""

import pytest
from playwright.sync_api import expect

from articles.tests.factories import make_article
from comments.models import Status
from comments.tests.factories import make_comment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDE = "<tr>" + "<td>Elektrizitätswerk</td>" * 12 + "</tr>"
NARROW = f"<tr><td>{'It rained on the harbour. ' * 40}</td><td>1,234,567</td></tr>"
BODY = (
    '<p>It rained on <a href="https://harbour.example/">the harbour</a>.</p><hr>'
    f"<table><tbody>{WIDE}</tbody></table>"
    f"<table><tbody>{NARROW}</tbody></table>"
    '<figure data-embed="https://vimeo.com/76979871"></figure>'
)


@pytest.fixture
def paper(watch):
    article = make_article(body=BODY)
    for _ in range(2):
        make_comment(article=article, status=Status.PUBLISHED, body="So it did.")
    page = watch.page()
    page.set_viewport_size({"width": 700, "height": 1000})
    page.goto(article.get_absolute_url())
    return page


def test_what_can_be_pressed_is_not_printed(paper):
    pressed = paper.locator(
        ".comment-act, .comments-sorts, .comments-yours, .embed-ask, .comment-form, .share, .theme-switch, .feed-link"
    )
    paper.emulate_media(media="print")
    assert pressed.count() > 10
    assert [place for place in pressed.all() if place.is_visible()] == []
    expect(paper.locator(".comment-text")).to_have_text(["So it did."] * 2)
    expect(paper.get_by_text("Watch on Vimeo")).to_be_visible()


def test_each_address_is_printed_once(paper):
    paper.emulate_media(media="print")
    printed = "link => getComputedStyle(link, '::after').content"
    assert paper.locator(".body p a").evaluate(printed) == '" (https://harbour.example/)"'
    assert paper.locator(".embed-link").evaluate(printed) == "none"


def test_no_table_is_cut_off_at_the_edge_of_the_paper(paper):
    fits = "table => table.getBoundingClientRect().right <= document.documentElement.clientWidth"
    wide, narrow = paper.locator(".table table").all()
    assert not wide.evaluate(fits), "on a screen it is wider than its place, and scrolls"
    paper.emulate_media(media="print")
    assert wide.evaluate(fits)
    assert narrow.evaluate(fits)
    lines = "cell => { const all = document.createRange(); all.selectNodeContents(cell); return all.getClientRects().length; }"
    assert narrow.locator("td").last.evaluate(lines) == 1, "no number is broken where there is room"


@pytest.mark.parametrize("media", [{"media": "print"}, {"forced_colors": "active"}])
def test_a_rule_is_drawn_where_grounds_are_not(paper, media):
    paper.emulate_media(**media)
    rule = paper.locator(".body hr")
    expect(rule).to_have_css("border-top-style", "solid")
    expect(rule).to_have_css("clip-path", "none")
