"""Two editors, two browsers, one story: both texts survive."""

import pytest
from playwright.sync_api import expect

from articles.models import Article
from articles.tests.factories import make_article, make_section
from articles.workflow import Status
from newsportal.tests.browsing import log_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_two_editors_at_one_story_lose_nothing(watch, editor, administrator):
    article = make_article(status=Status.DRAFT, headline="The ruling", section=make_section())
    article.record(editor)
    address = f"/admin/articles/article/{article.pk}/change/"
    one, two = watch.page(), watch.page()
    log_in(one, "editor")
    log_in(two, "administrator")
    one.goto(address)
    two.goto(address)

    two.fill("#id_standfirst", "Theirs: seven judges to two.")
    two.fill("#id_headline", "Their headline")
    two.click("[name=_continue]")
    expect(two.locator(".messagelist .success")).to_be_visible()

    one.locator(".ProseMirror[contenteditable=true]").click()
    one.keyboard.press("Control+End")
    one.keyboard.type(" Mine: by nightfall the square had filled.")
    one.fill("#id_headline", "My headline")
    # The page that asks is no success (409), which a browser notes as an error of the network.
    expected = len(watch.problems)
    one.click("[name=_continue]")
    expect(one.locator(".conflict-lead")).to_contain_text("administrator")
    expect(one.locator(".conflict")).to_contain_text("My headline")
    expect(one.locator(".conflict")).to_contain_text("Their headline")
    assert all("409" in problem for problem in watch.problems[expected:])
    del watch.problems[expected:]
    headline = one.get_by_role("group", name="Headline")
    for words, value in (("Yours", "My headline"), ("Theirs", "Their headline")):
        side = headline.get_by_role("radio", name=words, exact=True)
        expect(side).to_have_accessible_description(value)
    headline.get_by_text("Theirs", exact=True).click()
    expect(headline.get_by_role("radio", name="Theirs", exact=True)).to_be_checked()
    headline.get_by_text("Yours", exact=True).click()
    one.keyboard.press("Tab")
    one.click("text=Save with these choices")
    expect(one.locator(".messagelist")).to_contain_text("Taken over from theirs: standfirst")

    article = Article.objects.get()
    assert article.headline == "My headline"
    assert article.standfirst == "Theirs: seven judges to two."
    assert "Mine: by nightfall" in article.body
