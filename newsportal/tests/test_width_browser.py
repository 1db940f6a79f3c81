"""Words that are longer than a column, as German and Finnish have them every day, make no page wider than its window."""

import pytest
from playwright.sync_api import expect

from articles.editing.next_version import keep_next
from articles.editing.snapshot import take
from articles.models import FrontPageStory, NextVersion
from articles.tests.factories import make_article, make_contributor, make_image, make_section
from comments.tests.factories import make_comment
from newsportal.tests.browsing import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.fixture
def pages() -> list[str]:
    author = make_contributor(name=WORD[:60], biography="Writes about ships, and about who builds them.")
    picture = make_image(
        credit="Photo: Firstname Lastname and Another Lastname / An Agency of a Long Name via Pictures"
    )
    stories = [
        make_article(
            headline=f"{WORD} is founded",
            standfirst=f"It is {WORD}.",
            lead_image=picture,
            bylines=((author, "written"),),
        )
        for _ in range(3)
    ]
    make_comment(article=stories[0], status="published", name=WORD[:60])
    return ["/", "/latest/", stories[0].get_absolute_url(), author.get_absolute_url(), f"/search/?q={WORD}"]


WIDER = """[...document.querySelectorAll("main :is(h1, h2, h3, p, figcaption, b):not(.hidden)")]
    .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline")
    .map(e => e.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_a_long_word_makes_no_page_wider(watch, pages, width):
    page = watch.page()
    page.set_viewport_size({"width": width, "height": 900})
    for address in pages:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert page.evaluate(WIDER) == [], address


def test_a_contributor_without_a_photo_has_the_whole_width(watch, pages):
    page = watch.page()
    page.goto(pages[3])
    assert page.locator(".contributor .page-lead").evaluate("(words) => words.clientWidth") > 500


DECLARED = """[...document.querySelectorAll(".card-picture img")].filter(e => e.offsetParent).map(picture => {
    const [told] = picture.sizes.split(",").map(part => part.trim().match(/^(\\(.*\\) )?(.+)$/))
        .filter(([, when]) => !when || matchMedia(when).matches);
    const probe = document.body.appendChild(document.createElement("div"));
    probe.style.width = told[2];
    const width = probe.getBoundingClientRect().width;
    probe.remove();
    return picture.getBoundingClientRect().width / width;
})"""


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("address", ["/latest/", "/search/?q=founded"])
def test_browsers_are_told_how_wide_a_picture_of_a_list_is(watch, pages, address, width):
    page = watch.page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    drawn = page.evaluate(DECLARED)
    assert drawn and all(0.8 < part < 1.25 for part in drawn), drawn


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_a_long_word_makes_no_page_of_the_desk_wider(watch, editor, administrator, width):
    story = make_article(headline=f"{WORD} is founded", status="draft")
    story.record(editor)
    guest = make_comment(article=make_article(headline=WORD), name=WORD[:60]).commenter
    page = watch.page()
    log_in(page, "administrator")
    page.set_viewport_size({"width": width, "height": 900})
    own = [
        f"/admin/articles/article/{story.pk}/{place}/"
        for place in ("change", "history", "history/1", "links", "delete", "look")
    ]
    lists = [
        "/admin/articles/article/",
        "/admin/articles/frontpagestory/",
        f"/admin/comments/commenter/{guest.pk}/change/",
    ]
    for address in own + lists:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    margins = page.evaluate(
        "(box => [box.left, innerWidth - box.right])(document.getElementById('id_text').getBoundingClientRect())"
    )
    assert margins[1] >= margins[0] / 2


@pytest.mark.parametrize("width", [360, 1280])
def test_a_headline_and_its_standfirst_are_seen_whole(watch, editor, width):
    words = "The ferry to the islands sails again after four months in the yard, " * 2
    story = make_article(headline=words[:120], standfirst=words * 2, status="draft")
    page = watch.page()
    log_in(page, "editor")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/admin/articles/article/{story.pk}/change/")
    for field in ("headline", "standfirst"):
        assert page.locator(f"#id_{field}").evaluate("(field) => field.scrollHeight <= field.clientHeight"), field


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_what_is_told_at_length_makes_no_page_of_the_desk_wider(watch, editor, width):
    refusal = "The address is taken: another story of that day has it. Give this one another, and keep it again."
    story = make_article(headline=f"{WORD} is founded")
    story.record(editor)
    keep_next(story, take(story) | {"standfirst": "Later."}, editor, seen=story.version, live=story.version)
    NextVersion.objects.update(refusal=refusal)
    FrontPageStory.objects.put(story, editor, "lead").take_off(editor)
    page = watch.page()
    log_in(page, "editor")
    page.set_viewport_size({"width": width, "height": 900})
    for address, words in (("/admin/", refusal), ("/admin/articles/frontpagestory/was/", "Taken off by")):
        page.goto(address)
        expect(page.get_by_text(words)).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    expect(page.get_by_role("region", name="What stood where")).to_be_visible()


@pytest.mark.parametrize("address", ["articles/article", "articles/image", "newsportal/auditentry"])
def test_lists_of_the_desk_show_all_that_they_tell_of_a_row(watch, administrator, address):
    author = make_contributor(name="Maximiliana Featherstonehaugh-Cholmondeley")
    make_article(
        headline="The ferry to the islands sails again", lead_image=make_image(), bylines=((author, "written"),)
    )
    page = watch.page()
    log_in(page, "administrator")
    page.goto(f"/admin/{address}/")
    for width in (360, 768, 1024, 1100, 1280, 1440, 1536):
        page.set_viewport_size({"width": width, "height": 900})
        edge = page.locator("#changelist-form .results").evaluate("box => box.getBoundingClientRect().right")
        cells = page.locator("#result_list tbody tr:first-child :is(td, th):visible")
        edges = cells.evaluate_all("cells => cells.map(cell => cell.getBoundingClientRect().right)")
        assert len(edges) >= 5 and max(edges) <= edge + 1 and edge <= width, (width, edges, edge)


@pytest.mark.parametrize(("width", "size"), [(320, "16px"), (360, "24px"), (768, "32px")])
def test_the_front_page_screen_is_no_wider_than_its_window_in_large_letters_too(watch, editor, width, size):
    section = make_section(name="Wissenschaft und Wirtschaftspolitik")
    for status in ("published", "draft"):
        story = make_article(headline="The ferry sails again", section=section, lead_image=make_image(), status=status)
        FrontPageStory.objects.put(story, editor, "rail", section)
    page = watch.page()
    log_in(page, "editor")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/admin/articles/frontpagestory/")
    page.evaluate("size => { document.documentElement.style.fontSize = size; }", size)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
