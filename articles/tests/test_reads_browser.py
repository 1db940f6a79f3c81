"""A story is read in a real browser: counted once, and nothing stays behind."""

import re

import pytest
from playwright.sync_api import expect

from articles.models import Reads
from articles.reads import counting
from articles.reads.counting import Tally
from articles.tests.factories import make_article, make_image
from articles.tests.sample_pictures import drawing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Headless Chromium calls itself a robot, and rightly does not count.
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture(autouse=True)
def own_tally(monkeypatch):
    monkeypatch.setattr(counting, "tally", Tally())


def total() -> int:
    return sum(Reads.objects.values_list("count", flat=True))


def test_a_story_that_is_read_counts_once_and_leaves_nothing_in_the_browser(watch):
    article = make_article(headline="Read me")
    page = watch.page(user_agent=AGENT)
    for _ in range(2):
        with page.expect_response(re.compile("/read/")) as said:
            page.goto(article.get_absolute_url())
        assert said.value.status == 204
        sent = said.value.request.all_headers()
        assert "cookie" not in sent and sent["sec-fetch-site"] == "same-origin"
        assert said.value.request.post_data is None
        assert total() == 1
    assert page.context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.evaluate("indexedDB.databases().then((found) => found.length)") == 0


def test_who_looks_away_at_once_has_not_read_it(watch):
    article = make_article()
    page = watch.page(user_agent=AGENT)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/read/" in request.url else None)
    page.goto(article.get_absolute_url())
    page.wait_for_timeout(2000)
    page.goto("/latest/")
    page.wait_for_timeout(4000)
    assert not asked
    assert total() == 0


def test_without_scripts_nothing_counts_and_nothing_is_missing(watch):
    article = make_article(headline="Read me")
    page = watch.page(user_agent=AGENT, java_script_enabled=False)
    page.goto(article.get_absolute_url())
    expect(page.get_by_role("heading", name="Read me")).to_be_visible()
    page.wait_for_timeout(6000)
    assert total() == 0


def test_a_robot_with_scripts_does_not_count(watch):
    page = watch.page(
        user_agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/140.0.0.0"
    )
    with page.expect_response(re.compile("/read/")) as said:
        page.goto(make_article().get_absolute_url())
    assert said.value.status == 204
    assert total() == 0


def test_who_saves_data_loads_smaller_pictures(watch):
    article = make_article(lead_image=make_image(picture=drawing(2400, 1600)))
    loaded = {}
    for name, headers in (("usual", {}), ("saving", {"save-data": "on"})):
        page = watch.page(extra_http_headers=headers)
        page.goto(article.get_absolute_url())
        picture = page.locator(".story-lead img")
        expect(picture).to_have_js_property("complete", True)
        loaded[name] = picture.evaluate("image => [image.currentSrc, image.naturalWidth > 0]")
    assert re.search(r"-(960|1600)\.avif$", loaded["usual"][0])
    assert re.search(r"-480\.avif$", loaded["saving"][0]) and loaded["saving"][1]


def test_a_film_is_loaded_once_its_reader_asks_for_it_and_nobody_hears_of_them_before(watch):
    film = make_article(body='<p>Seen from the pier.</p><figure data-embed="https://vimeo.com/76979871"></figure>')
    page = watch.page(user_agent=AGENT)
    page.route(
        "https://player.vimeo.com/**", lambda route: route.fulfill(content_type="text/html", body="<p>A ferry</p>")
    )
    page.goto(film.get_absolute_url())
    expect(page.get_by_text("Loads from Vimeo")).to_be_visible()
    assert not watch.problems
    page.get_by_role("button", name="Show it here").click()
    expect(page.frame_locator("iframe[title='From Vimeo']").get_by_text("A ferry")).to_be_visible()
    # Where the frame stays empty there is still a way to the film.
    expect(page.get_by_role("link", name="Watch on Vimeo")).to_be_visible()
    expect(page.get_by_role("button", name="Show it here")).to_have_count(0)
    assert [problem.partition("?")[0] for problem in watch.problems] == [
        "foreign: https://player.vimeo.com/video/76979871"
    ]
    watch.problems.clear()
