"""Searching with a browser: by keyboard, without JavaScript, at any width."""

import pytest
from playwright.sync_api import expect

from articles.tests.factories import make_article, make_contributor, make_image, make_section

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stories():
    world = make_section(name="World", colour="petrol")
    author = make_contributor(name="Tereza Holubová", slug="tereza-holubova")
    wanted = make_article(
        headline="Orlavia’s constitutional court clears Vladimír Kovařík for a third term, and by nightfall the square fills again",
        standfirst="Seven judges to two found that a term begun under the old constitution does not count.",
        body="<p>" + "The ruling was read out at four in the afternoon. " * 6 + "The court’s president, in a judgment, "
        "found that the office had been another with the same name. " + "The crowd repeated the words. " * 9 + "</p>",
        section=world, lead_image=make_image(), bylines=((author, "written"),),
    )  # fmt: skip
    make_article(headline="The court and the ferry", standfirst="A court, a ferry and a rope.", section=world)
    for number in range(24):
        make_article(headline=f"Tram {number}", body="<p>Before the court, a tram stop.</p>", section=world)
    return wanted


def test_a_reader_searches_narrows_and_pages_without_javascript(watch, stories):
    page = watch.page(java_script_enabled=False)
    page.goto("/")
    page.get_by_role("search", name="Site").get_by_label("Search", exact=True).first.fill("kovarik court")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 story")
    expect(page.locator("mark").first).to_have_text("court")
    form = page.get_by_role("search", name="All stories")
    form.get_by_label("Words").fill("court")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("26 stories")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Previous")).to_be_visible()
    page.get_by_text("Section, author, time").click()
    form.get_by_label("Author").fill("tereza holubova")
    form.get_by_label("Order").select_option("date")
    form.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_have_text("1 story")
    expect(form.get_by_label("Author")).to_have_value("tereza holubova")
    page.get_by_role("link", name="Vladimír Kovařík").click()
    expect(page).to_have_url(watch.origin + stories.get_absolute_url())


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_fits_any_width(watch, stories, width):
    page = watch.page()
    page.set_viewport_size({"width": width, "height": 900})
    for address in ("/search/?q=court&section=world&tag=nonesuch", "/search/?q=court", "/search/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        small = page.evaluate(
            """[...document.querySelectorAll("main input, main select, main button, main summary, .masthead-search")]
               .filter(e => e.offsetParent && e.getBoundingClientRect().height < 36).map(e => e.outerHTML)"""
        )
        assert not small, address
