"""The editor in a real browser: its own parts, and what pasting keeps of Word and Google Docs."""

import pytest
from playwright.sync_api import Page, expect

from articles.models import Article, Image, make_slug
from articles.tests.factories import make_article, make_image
from articles.tests.sample_pictures import drawing, encoded, upload
from newsportal.tests.browsing import choose_lead_picture, log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GOOGLE_DOCS = (
    '<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr" style="line-height:1.38;">'
    '<span style="font-weight:400;font-style:normal;">Plain </span><span style="font-weight:700;">bold</span>'
    '<span style="font-weight:400;font-style:italic;"> slanted</span>'
    '<a href="https://example.org/" style="text-decoration:none;"><span style="color:#1155cc;"> link</span></a></p></b>'
)
WORD = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal{margin:0}</style></head><body>'
    '<p class="MsoNormal" style="color:red">Plain <b>bold</b><o:p></o:p></p>'
    '<p class="MsoListParagraph" style="mso-list:l0 level1 lfo1"><span style="mso-list:Ignore">·<span>  </span></span>First</p>'
    '<p class="MsoListParagraph" style="mso-list:l0 level1 lfo1"><span style="mso-list:Ignore">·<span>  </span></span>Second</p>'
    "</body></html>"
)


@pytest.fixture
def desk(live_server, page: Page, editor):
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{live_server.url}/admin/login/?next=/admin/articles/article/add/")
    page.fill("#id_username", "editor")
    page.fill("#id_password", "open sesame")
    page.click("[type=submit]")
    expect(page.locator(".ProseMirror[contenteditable=true]")).to_be_visible()
    yield page
    assert not problems


def surface(page: Page):
    return page.locator(".ProseMirror[contenteditable=true]")


def saved(page: Page) -> str:
    page.fill("#id_headline", "Written in the editor")
    page.locator("[name=_save]").last.click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    return Article.objects.get().body


def paste(page: Page, html: str) -> None:
    surface(page).click()
    surface(page).evaluate(
        """(element, html) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        html,
    )


def test_pasting_from_google_docs_keeps_bold_italics_and_links_alone(desk):
    paste(desk, GOOGLE_DOCS)
    assert saved(desk) == (
        '<p>Plain <strong>bold</strong><em> slanted</em><a href="https://example.org/"> link</a></p>'
    )


def test_pasting_from_word_keeps_bold_and_lists_alone(desk):
    paste(desk, WORD)
    assert saved(desk) == "<p>Plain <strong>bold</strong></p><ul><li><p>First</p></li><li><p>Second</p></li></ul>"


def test_a_picture_comes_from_the_library_with_a_caption_of_its_own(desk):
    image = Image.ingest(upload(encoded(drawing(640, 480))), title="Harbour at dawn", alt="Boats")
    Image.ingest(upload(encoded(drawing(480, 640))), title="The square", alt="Lanterns")
    surface(desk).click()
    desk.get_by_text("Picture", exact=True).first.click()
    picker = desk.get_by_role("dialog", name="Choose a picture")
    expect(picker.get_by_role("status")).to_have_text("2 pictures.")
    desk.get_by_label("Search the picture library").fill("dawn")
    expect(picker.get_by_role("status")).to_have_text("1 picture.")
    desk.locator(".picker-picture", has_text="Harbour at dawn").click()
    expect(desk.locator(".figure-card img")).to_be_visible()
    assert f'<figure data-image="{image.pk}">' in saved(desk)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda route: route.abort(), "Could not be loaded"),
        (lambda route: route.fulfill(json={"pictures": [], "next": None}), "Gone from the library"),
    ],
)
def test_a_picture_that_cannot_be_asked_for_is_not_drawn_as_one_that_is_gone(watch, editor, answer, told):
    image = make_image()
    article = make_article(body=f'<p>Rain.</p><figure data-image="{image.pk}"></figure>')
    page = watch.page()
    log_in(page, "editor")
    asked = []
    page.route("**/pictures/?id=*", lambda route: (asked.append(route.request.url), answer(route)))
    heard = len(watch.problems)
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    figure = page.locator(".figure-card")
    expect(figure).to_have_attribute("data-told", told)
    shown = figure.evaluate("(card) => getComputedStyle(card, '::before').content")
    assert shown == f'"{told}"'
    page.wait_for_timeout(500)
    assert len(asked) == 1
    page.close()
    del watch.problems[heard:]  # the browser notes what did not come


def test_the_library_that_cannot_be_reached_says_so(desk):
    desk.route("**/pictures/*", lambda route: route.fulfill(body="<h1>Log in</h1>"))
    surface(desk).click()
    desk.get_by_text("Picture", exact=True).first.click()
    expect(desk.get_by_role("dialog").get_by_role("status")).to_contain_text("cannot be reached")


def add_in_the_window(page: Page, link, *, title: str) -> None:
    with page.expect_popup() as opened:
        link.click()
    window = opened.value
    window.set_input_files(
        "#id_upload", {"name": "quay.jpg", "mimeType": "image/jpeg", "buffer": encoded(drawing(640, 480))}
    )
    window.fill("#id_title", title)
    window.fill("#id_alt", "A quay")
    with window.expect_event("close"):
        window.click("[name=_save]", no_wait_after=True)


def test_a_picture_that_the_library_lacks_is_added_from_the_text_and_stands_in_it(watch, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto("/admin/articles/article/add/")
    surface(page).click()
    page.get_by_text("Picture", exact=True).first.click()
    add_in_the_window(page, page.get_by_role("link", name="Add a picture…"), title="The new quay")
    expect(page.locator(".figure-card img")).to_have_js_property("naturalWidth", 160)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert f'<figure data-image="{Image.objects.get(title="The new quay").pk}">' in saved(page)


def test_the_lead_picture_is_seen_chosen_by_sight_and_taken_off(watch, editor):
    boats = Image.ingest(upload(encoded(drawing(640, 480))), title="Boats", alt="Two boats")
    square = Image.ingest(upload(encoded(drawing(480, 640))), title="The square", alt="Lanterns")
    article = make_article(lead_image=boats)
    page = watch.page()
    log_in(page, "editor")
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    lead = page.get_by_role("group", name="Lead picture")
    expect(lead.get_by_role("img", name="Two boats")).to_be_visible()
    expect(lead.get_by_role("status")).to_have_text("Boats")

    choose_lead_picture(page, "The square")
    expect(lead.get_by_role("img", name="Lanterns")).to_be_visible()
    expect(lead.get_by_role("status")).to_have_text("The square")
    expect(lead.get_by_role("button", name="Choose a picture…")).to_be_focused()
    save_and_stay(page)
    assert Article.objects.get().lead_image == square

    lead.get_by_role("button", name="Take it off").click()
    expect(lead.get_by_role("status")).to_have_text("No picture.")
    expect(lead.get_by_role("img")).to_have_count(0)
    save_and_stay(page)
    assert Article.objects.get().lead_image is None


def save_and_stay(page: Page) -> None:
    with page.expect_navigation():
        page.click("[name=_continue] >> nth=0")
    expect(page.locator(".messagelist .success")).to_be_visible()


@pytest.mark.parametrize("way", ["the library's dialog", "the plus beside the field"])
def test_a_new_picture_can_lead_at_once(watch, editor, way):
    page = watch.page()
    log_in(page, "editor")
    page.goto("/admin/articles/article/add/")
    lead = page.get_by_role("group", name="Lead picture")
    link = page.locator("#add_id_lead_image")
    if way == "the library's dialog":
        lead.get_by_role("button", name="Choose a picture…").click()
        link = page.get_by_role("link", name="Add a picture…")
    add_in_the_window(page, link, title="The new quay")
    expect(lead.get_by_role("status")).to_have_text("The new quay")
    expect(lead.get_by_role("img", name="A quay")).to_be_visible()


def test_without_scripts_the_lead_picture_is_kept_or_taken_off(watch, editor):
    article = make_article(lead_image=make_image(title="Boats"))
    page = watch.page(java_script_enabled=False)
    log_in(page, "editor")
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    assert page.locator("#id_lead_image option").all_text_contents() == ["", "Boats"]
    page.select_option("#id_lead_image", "")
    page.click("[name=_continue] >> nth=0")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert Article.objects.get().lead_image is None


BRINGS = """(element, [event, files, texts]) => {
    const data = new DataTransfer();
    for (const type of files) data.items.add(new File(["x"], "file", { type }));
    for (const [type, text] of Object.entries(texts)) data.setData(type, text);
    const { left, top } = element.firstChild.getBoundingClientRect();
    element.dispatchEvent(event === "paste"
        ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
        : new DragEvent("drop", { dataTransfer: data, clientX: left + 2, clientY: top + 2, bubbles: true, cancelable: true }));
}"""
TOLD = "Pictures come from the library: press “Picture”."


@pytest.mark.parametrize(
    ("event", "texts"),
    [
        ("paste", {}),
        ("paste", {"text/html": '<img src="https://example.org/a.png">'}),
        ("drop", {"text/plain": "https://example.org/a.png"}),
    ],
    ids=["a file", "of another page", "dropped"],
)
def test_a_picture_that_is_pasted_or_dropped_leads_to_the_library(desk, event, texts):
    image = Image.ingest(upload(encoded(drawing(640, 480))), title="Harbour at dawn", alt="Boats")
    surface(desk).click()
    surface(desk).evaluate(BRINGS, [event, ["image/png"], texts])
    picker = desk.get_by_role("dialog", name="Choose a picture")
    expect(picker).to_contain_text("Pictures come from the library")
    desk.keyboard.press("Escape")
    expect(desk.locator(".editor-told")).to_have_text(TOLD)
    assert surface(desk).inner_text().strip() == ""

    surface(desk).evaluate(BRINGS, [event, ["image/png"], texts])
    picker.locator(".picker-picture").click()
    expect(desk.locator(".editor-told")).to_have_text("")
    assert f'<figure data-image="{image.pk}">' in saved(desk)


@pytest.mark.parametrize(
    "texts",
    [{"text/plain": "Rain.", "text/html": "<p>Rain.</p>"}, {"text/html": '<p>Rain.<img src="data:,"></p>'}],
    ids=["as words too", "with a picture in it"],
)
def test_a_text_that_brings_a_drawing_of_itself_is_pasted_as_text(desk, texts):
    surface(desk).click()
    surface(desk).evaluate(BRINGS, ["paste", ["image/png"], texts])
    expect(desk.get_by_role("dialog")).to_have_count(0)
    assert saved(desk) == "<p>Rain.</p>"


@pytest.mark.parametrize(("header", "tag"), [(None, "th"), ("No", "td")])
def test_a_new_table_has_a_header_row_unless_none_is_wanted(desk, header, tag):
    surface(desk).click()
    desk.get_by_role("button", name="Insert table").click()
    dialog = desk.get_by_role("dialog")
    if header:
        dialog.get_by_label("Include header row").select_option(header)
    dialog.get_by_label("Rows").fill("2")
    dialog.get_by_role("button", name="Insert table").click()
    expect(surface(desk).locator("tr")).to_have_count(2)
    expect(surface(desk).locator(f"tr:first-child > {tag}")).to_have_count(3)
    expect(surface(desk).locator("tr:last-child > td")).to_have_count(3)


def test_a_film_is_embedded_by_its_address(desk):
    surface(desk).click()
    desk.get_by_text("Embed", exact=True).first.click()
    expect(desk.get_by_role("dialog", name="Embed")).to_be_visible()
    desk.get_by_label("Address of the film or post").fill("https://vimeo.com/76979871")
    desk.get_by_text("Insert", exact=True).click()
    assert '<figure data-embed="https://vimeo.com/76979871"></figure>' in saved(desk)


def test_a_pull_quote_is_a_button_away(desk):
    surface(desk).click()
    desk.keyboard.type("They meant him.")
    desk.get_by_text("Pull quote", exact=True).first.click()
    assert saved(desk) == '<aside class="pullquote"><p>They meant him.</p></aside>'


def test_the_editor_has_a_name_and_its_toolbar_a_role(desk):
    expect(surface(desk)).to_have_attribute("aria-label", "Body")
    expect(desk.get_by_role("toolbar", name="Formatting").first).to_be_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_toolbar_stays_in_sight_in_a_long_text(desk, width):
    desk.set_viewport_size({"width": width, "height": 700})
    surface(desk).click()
    surface(desk).evaluate("text => text.innerHTML = '<p>One paragraph of many.</p>'.repeat(60)")
    last = surface(desk).locator("p", has_text="One paragraph").last
    last.evaluate("paragraph => paragraph.scrollIntoView({ block: 'end' })")
    expect(last).to_be_in_viewport()
    expect(desk.get_by_role("toolbar", name="Formatting").first).to_be_in_viewport(ratio=1)


def test_text_stands_in_the_type_that_the_desk_asks_for_and_the_field_shows_that_it_is_written_in(desk):
    paste(desk, "<p>Rain.</p><blockquote><p>Said.</p></blockquote><ul><li><p>First</p></li></ul>")
    own = "element => { const { fontFamily, fontSize } = getComputedStyle(element); return fontFamily + fontSize; }"
    asked = surface(desk).evaluate(own)
    assert {paragraph.evaluate(own) for paragraph in surface(desk).locator("p").all()} == {asked}
    assert surface(desk).evaluate("field => getComputedStyle(field).boxShadow") != "none"
    desk.locator("#id_headline").focus()
    assert surface(desk).evaluate("field => getComputedStyle(field).boxShadow") == "none"


def test_the_text_has_a_name_as_soon_as_it_can_be_read_out(desk):
    """Not a moment after: whoever hears the page may be there before."""
    desk.add_init_script(
        """new MutationObserver(() => {
            const text = document.querySelector(".ProseMirror");
            if (text && !window.firstName) window.firstName = [text.getAttribute("aria-label")];
        }).observe(document, { childList: true, subtree: true })"""
    )
    desk.reload()
    expect(surface(desk)).to_be_visible()
    assert desk.evaluate("window.firstName") == ["Body"]


@pytest.mark.parametrize(
    ("headline", "slug"),
    [
        ("Vladimír: \ufb01ne q\u0303", "vladimir-fine-q"),
        ("हिन्दी समाचार ❤\ufe0f", "हिन्दी-समाचार"),
        ("за\u0301мок", "замок"),
        ("น้ำท่วม", "น้ำท่วม"),
    ],
)
def test_the_address_that_it_offers_is_the_one_that_is_made(desk, headline, slug):
    desk.fill("#id_headline", headline)
    expect(desk.locator("#id_slug")).to_have_value(slug)
    assert make_slug(headline) == slug
