"""In a real browser: what is typed is shown as search results and shared links will show it."""

import re

import pytest
from playwright.sync_api import expect

from articles.tests.factories import make_article, make_image
from newsportal.tests.browsing import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_of_nothing_typed_no_length_is_told(watch, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto("/admin/articles/article/add/")
    summary = page.locator("[data-snippets] summary")
    expect(summary).to_have_text("How search and social media show it", use_inner_text=True)
    page.fill("#id_headline", "Rain")
    expect(summary).to_have_text("How search and social media show it: title 4 characters", use_inner_text=True)
    page.fill("#id_headline", "")
    expect(summary).to_have_text("How search and social media show it", use_inner_text=True)


def test_the_previews_follow_what_is_typed(watch, editor):
    article = make_article(headline="Short", standfirst="A summary.", lead_image=make_image())
    page = watch.page()
    log_in(page, "editor")
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    told = page.locator('[data-told="title"]')
    expect(told).to_have_text("5 characters")

    page.locator("[data-snippets] summary").click()
    # Measured, not counted: of two titles of one length the narrow one fits.
    page.fill("#id_headline", "i" * 60)
    expect(page.locator('[data-shows="title"]')).to_have_text("i" * 60)
    page.fill("#id_headline", "W" * 60)
    expect(page.locator('[data-shows="title"]')).to_have_text(re.compile("^W{20,35}…$"))
    page.fill("#id_headline", "W" * 40 + " " + "i" * 41)
    expect(told).to_have_text("82 characters: search results cut it after about 70")
    page.fill("#id_headline", "<b>Markup</b> is text")
    expect(page.locator('[data-shows="headline"]').first).to_have_text("<b>Markup</b> is text")
    page.fill("#id_standfirst", "")
    expect(page.locator(".snippet-description")).to_have_text("It rained on the harbour.")

    card = page.locator('[data-shows="card"]').first
    expect(card).to_have_attribute(
        "src",
        f"/admin/articles/article/{article.pk}/card/?headline=%3Cb%3EMarkup%3C%2Fb%3E+is+text&kind=news&section={article.section_id}&lead_image={article.lead_image_id}",
    )
    expect(card).to_have_js_property("naturalWidth", 1200)


def test_without_javascript_the_saved_state_is_shown(watch, editor):
    article = make_article(headline="As it was saved", standfirst="A summary.")
    page = watch.page(java_script_enabled=False)
    log_in(page, "editor")
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    page.locator("[data-snippets] summary").click()
    expect(page.locator('[data-shows="title"]')).to_have_text("As it was saved")
    expect(page.locator(".snippet-description")).to_have_text("A summary.")
