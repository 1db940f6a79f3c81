"""The front page: what an editor puts there stands there for its time, everything else by rule, and no story twice."""

import datetime
import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import expect

from articles import front_page
from articles.admin import front_page as screen
from articles.caching.prepared import instances
from articles.editing.next_version import keep_next
from articles.editing.snapshot import take
from articles.models import Article, Banner, FrontPageStory
from articles.models.front_page import Slot
from articles.tests.factories import make_article, make_section
from articles.workflow import Status
from newsportal.tests.browsing import log_in, opened_with

pytestmark = pytest.mark.django_db

DESK = "/admin/articles/frontpagestory/"
HOUR = datetime.timedelta(hours=1)
put = FrontPageStory.objects.put


@pytest.fixture
def section():
    return make_section(name="World")


def one_an_hour(section, count: int) -> list[Article]:
    """So many stories, the oldest first."""
    start = timezone.now() - (count + 10) * HOUR
    return [make_article(section=section, headline=f"Story {n:02}", publish_at=start + n * HOUR) for n in range(count)]


@pytest.fixture
def stories(section):
    """As many as one puts somewhere."""
    return one_an_hour(section, 6)


@pytest.fixture
def thirty(section):
    """More than stand on a front page."""
    return one_an_hour(section, 30)


def composed() -> front_page.FrontPage[Article]:
    return instances(front_page.compose())


def names(articles) -> list[str]:
    return [article.headline for article in articles]


def everything(page) -> list[str]:
    rails = [article for rail in page.rails for article in rail.articles]
    return names(([page.lead] if page.lead else []) + page.secondary + page.latest + rails)


# --- What stands there ---


def test_by_rule_alone_it_is_the_latest(thirty):
    page = composed()
    assert page.lead.headline == "Story 29"
    assert names(page.secondary) == ["Story 28", "Story 27", "Story 26", "Story 25"]


def test_what_is_put_by_hand_leads_and_the_rest_moves_down(thirty, section, editor):
    put(thirty[3], editor, Slot.LEAD)
    put(thirty[4], editor, Slot.SECONDARY)
    put(thirty[5], editor, Slot.RAIL, section)
    page = composed()
    assert page.lead.headline == "Story 03"
    assert names(page.secondary) == ["Story 04", "Story 29", "Story 28", "Story 27"]
    assert page.latest[0].headline == "Story 26"
    assert names(page.rails[0].articles)[0] == "Story 05"
    assert len(page.secondary) == front_page.SECONDARY and len(page.latest) == front_page.LATEST


def test_no_story_stands_there_twice(thirty, section, editor):
    for slot, where in ((Slot.LEAD, None), (Slot.SECONDARY, None), (Slot.RAIL, section)):
        put(thirty[29], editor, slot, where)
    put(thirty[28], editor, Slot.RAIL, section)
    put(thirty[28], editor, Slot.SECONDARY)
    shown = everything(composed())
    assert len(shown) == len(set(shown))
    assert shown[0] == "Story 29"


def test_it_stands_there_from_and_until_to_the_second(thirty, editor, time_machine):
    start = timezone.now().replace(microsecond=0) + HOUR
    put(thirty[0], editor, Slot.LEAD, starts_at=start, ends_at=start + HOUR)
    second = datetime.timedelta(seconds=1)
    for moment, leads in ((start - second, False), (start, True), (start + HOUR - second, True), (start + HOUR, False)):
        time_machine.move_to(moment, tick=False)
        assert (composed().lead.headline == "Story 00") is leads, moment


@pytest.mark.parametrize("status", [Status.DRAFT, Status.WITHDRAWN])
def test_what_readers_may_not_see_is_passed_over(thirty, editor, status):
    put(thirty[0], editor, Slot.LEAD)
    Article.objects.filter(pk=thirty[0].pk).update(status=status)
    page = composed()
    assert page.lead.headline == "Story 29"
    assert "Story 00" not in everything(page)


def test_the_page_of_tomorrow_shows_what_is_scheduled(desk, thirty, section, editor):
    tomorrow = timezone.localtime(timezone.now() + 24 * HOUR).replace(microsecond=0)
    make_article(headline="Embargoed morning", section=section, publish_at=tomorrow - HOUR)
    put(thirty[2], editor, Slot.LEAD, starts_at=tomorrow - HOUR)
    at = {"at_0": f"{tomorrow:%Y-%m-%d}", "at_1": f"{tomorrow:%H:%M:%S}"}
    answer = desk.get(DESK + "at/", at)
    page = answer.content.decode()
    assert "Embargoed morning" in page
    assert page.index("Story 02") < page.index("Embargoed morning")
    assert "no-store" in answer["Cache-Control"]
    assert "Embargoed morning" not in Client().get("/").content.decode()
    assert Client().get(DESK + "at/", at).status_code == 302
    assert desk.get(DESK + "at/", {"at_0": "never"}, follow=True).status_code == 200


def test_it_costs_as_many_queries_however_much_is_put_there(thirty, section, editor):
    costs = []
    for count in (1, 12):
        for number in range(count):
            put(thirty[number], editor, Slot.RAIL, section)
            put(thirty[number], editor, Slot.SECONDARY)
        with CaptureQueriesContext(connection) as queries:
            Client().get("/")
        costs.append(len(queries))
    assert costs[0] == costs[1]


# --- Verbs ---


def test_moving_to_another_slot_leaves_history(stories, editor):
    row = put(stories[0], editor, Slot.LEAD)
    row.move(editor, Slot.SECONDARY, None, 0)
    assert [(r.slot, r.ends_at is None) for r in FrontPageStory.objects.order_by("pk")] == [
        ("lead", False),
        ("secondary", True),
    ]


@pytest.mark.parametrize("starts_in", [-HOUR, HOUR])
def test_a_move_that_is_pressed_twice_is_made_once(stories, editor, starts_in):
    put(stories[0], editor, Slot.LEAD, starts_at=timezone.now() + starts_in)
    one, two = FrontPageStory.objects.get(), FrontPageStory.objects.get()
    one.move(editor, Slot.SECONDARY, None, 0)
    with pytest.raises(ValidationError, match="any more"):
        two.move(editor, Slot.SECONDARY, None, 0)
    assert FrontPageStory.objects.not_over().count() == 1


def test_the_order_is_the_editors(stories, editor):
    rows = [put(stories[n], editor, Slot.SECONDARY) for n in range(3)]
    rows[2].refresh_from_db()
    rows[2].move_to(editor, 0)
    assert names(composed().secondary)[:3] == ["Story 02", "Story 00", "Story 01"]


def test_what_has_not_begun_was_never_there(stories, editor):
    put(stories[0], editor, Slot.LEAD, starts_at=timezone.now() + HOUR).take_off(editor)
    assert not FrontPageStory.objects.exists()


def test_a_rail_needs_its_section_and_nothing_else_has_one(stories, section, editor):
    with pytest.raises(ValidationError, match="Which section"):
        put(stories[0], editor, Slot.RAIL)
    with pytest.raises(ValidationError, match="Leave it empty"):
        put(stories[0], editor, Slot.LEAD, section)
    with pytest.raises(ValidationError, match="end after it starts"):
        put(stories[0], editor, Slot.LEAD, ends_at=timezone.now() - HOUR)


def test_only_editors_arrange(stories, reporter, moderator):
    for person in (reporter, moderator):
        with pytest.raises(PermissionDenied):
            put(stories[0], person, Slot.LEAD)


# --- The desk ---


def test_an_editor_puts_moves_and_takes_off(desk, stories, section):
    desk.post(DESK, {"put": stories[1].pk, "slot": "lead"})
    desk.post(DESK, {"put": stories[2].pk, "slot": f"rail:{section.pk}", "index": "0"})
    lead = FrontPageStory.objects.get(slot="lead")
    assert lead.placed_by.username == "editor"
    page = desk.get(DESK).content.decode()
    assert "Story 01" in page and "Take “Story 01” off" in page
    desk.post(DESK, {"move": lead.pk, "slot": f"rail:{section.pk}", "index": "0"})
    rail = FrontPageStory.objects.not_over().order_by("order")
    assert names(row.article for row in rail) == ["Story 01", "Story 02"]
    desk.post(DESK, {"down": rail[0].pk})
    assert names(row.article for row in FrontPageStory.objects.not_over().order_by("order")) == ["Story 02", "Story 01"]
    for row in rail:
        desk.post(DESK, {"off": row.pk})
    assert not FrontPageStory.objects.not_over().exists()
    was = desk.get(DESK + "was/").content.decode()
    assert was.count(f"/admin/articles/article/{stories[1].pk}/change/") == 2 and "editor" in was


@pytest.mark.parametrize("words", ["harbour gulls", "Córdoba", "cordoba", "corDO", "beacon", "“return to Córdoba”"])
def test_stories_are_found_as_in_the_list_of_stories(desk, stories, words):
    """Whatever accents are typed, by the beginning of the last word, and by words of the text."""
    make_article(headline="Gulls return to Córdoba’s harbour", body="<p>By the beacon.</p>")
    page = desk.get(DESK, {"q": words}).content.decode()
    candidates = page[page.index("candidates-heading") :]
    assert "Gulls return" in candidates and "Story 0" not in candidates


def test_only_what_is_public_or_scheduled_is_found(desk):
    for status in (Status.DRAFT, Status.IN_REVIEW, Status.WITHDRAWN):
        make_article(headline=f"Gulls {status}", status=status)
    make_article(headline="Gulls of tomorrow", publish_at=timezone.now() + HOUR)
    page = desk.get(DESK, {"q": "gulls"}).content.decode()
    candidates = page[page.index("candidates-heading") :]
    assert "Gulls of tomorrow" in candidates and candidates.count("data-put=") == 1
    assert "No published or scheduled story has these words" in desk.get(DESK, {"q": "-gulls"}).content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {"put": "x", "slot": "lead"},
        {"put": "999", "slot": "lead"},
        {"off": "0"},
        {"move": "1"},
        {"up": ""},
        {"slot": "lead"},
        {},
    ],
)
def test_a_forged_press_is_missing(desk, stories, data):
    assert desk.post(DESK, data).status_code == 404


def test_a_slot_that_does_not_exist_is_missing(desk, stories):
    for slot in ("", "roof", "rail:", "rail:999"):
        assert desk.post(DESK, {"put": stories[0].pk, "slot": slot}).status_code == 404


def test_nobody_else_arranges_or_looks(client, stories, reporter, moderator, outsider):
    for person in (reporter, moderator, outsider):
        client.force_login(person)
        for address in (DESK, DESK + "was/", DESK + "at/"):
            assert client.get(address).status_code in {302, 403}
        assert client.post(DESK, {"put": stories[0].pk, "slot": "lead"}).status_code in {302, 403}
    assert not FrontPageStory.objects.exists()


def test_times_are_given_on_a_form_of_its_own(desk, stories):
    start = timezone.localtime(timezone.now() + HOUR)
    data = {
        "article": stories[0].pk, "slot": "lead", "section": "",
        "starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": f"{start:%H:%M:%S}",
        "ends_at_0": "", "ends_at_1": "",
    }  # fmt: skip
    assert desk.post(DESK + "add/", data).status_code == 302
    row = FrontPageStory.objects.get()
    assert row.is_coming()
    url = f"{DESK}{row.pk}/change/"
    answer = desk.post(
        url, data | {"ends_at_0": f"{start:%Y-%m-%d}", "ends_at_1": f"{start:%H:%M:%S}"} | opened_with(desk, url)
    )
    assert "must end after it starts" in answer.content.decode()


def seen_on(desk) -> str:
    """What a page that is opened now says of what stood in each slot."""
    return re.search(r'name="seen" value="([^"]*)"', desk.get(DESK).content.decode())[1]


def test_two_who_arrange_at_once_do_not_undo_each_other(desk, stories, section, editor):
    lead, beside = put(stories[0], editor, Slot.LEAD), put(stories[1], editor, Slot.SECONDARY)
    seen = seen_on(desk)
    theirs = put(stories[2], editor, Slot.SECONDARY, index=0)
    for press in (
        {"put": stories[3].pk, "slot": "secondary", "index": "0"}, {"move": lead.pk, "slot": "secondary", "index": "0"},
        {"down": theirs.pk}, {"off": beside.pk}, {"move": beside.pk, "slot": f"rail:{section.pk}"},
    ):  # fmt: skip
        page = desk.post(DESK, press | {"seen": seen}, follow=True).content.decode()
        assert "Somebody else has changed “Beside the lead”" in page
        assert "“Story 02”, “Story 01”" in page
    assert [row.article.headline for row in FrontPageStory.objects.not_over()] == ["Story 00", "Story 02", "Story 01"]
    # What nobody else has touched is moved, and with a page that was loaded anew everything is.
    desk.post(DESK, {"put": stories[4].pk, "slot": f"rail:{section.pk}", "seen": seen})
    desk.post(DESK, {"down": theirs.pk, "seen": seen_on(desk)})
    assert names(row.article for row in FrontPageStory.objects.not_over().filter(slot="secondary")) == [
        "Story 01",
        "Story 02",
    ]
    assert FrontPageStory.objects.filter(slot="rail").exists()


@pytest.mark.parametrize("verb", ["off", "move", "up", "down"])
def test_a_press_on_what_a_colleague_has_taken_off_is_answered_on_the_desk(desk, stories, editor, verb):
    row = put(stories[0], editor, Slot.LEAD)
    seen = seen_on(desk)
    row.take_off(editor)
    answer = desk.post(DESK, {verb: row.pk, "slot": "secondary", "seen": seen}, follow=True)
    assert answer.status_code == 200
    assert "This story does not stand there any more" in answer.content.decode()
    assert not FrontPageStory.objects.not_over().exists()
    assert desk.post(DESK, {verb: row.pk + 1, "slot": "secondary", "seen": seen}).status_code == 404


def test_the_keyboard_stays_on_the_row_that_moves(desk, stories, editor):
    rows = [put(stories[n], editor, Slot.SECONDARY) for n in range(3)]
    page = desk.post(DESK + "?q=Story", {"down": rows[0].pk}, follow=True)
    assert "q=Story" in page.redirect_chain[0][0]
    (focused,) = re.findall(r"<button [^>]*autofocus[^>]*>", page.content.decode())
    assert 'name="down"' in focused and f'value="{rows[0].pk}"' in focused
    # At the end the button is dead: the other one of the row has the keyboard.
    page = desk.post(DESK, {"down": rows[0].pk}, follow=True).content.decode()
    (focused,) = re.findall(r"<button [^>]*autofocus[^>]*>", page)
    assert 'name="up"' in focused and f'value="{rows[0].pk}"' in focused


def test_a_press_moves_by_one_place_after_others_have_gone(desk, stories, editor):
    rows = [put(stories[n], editor, Slot.SECONDARY) for n in range(5)]
    for row in rows[:2]:
        row.take_off(editor)

    def standing() -> list[str]:
        return names(row.article for row in FrontPageStory.objects.not_over().order_by("order", "pk"))

    desk.post(DESK, {"up": rows[4].pk})
    assert standing() == ["Story 02", "Story 04", "Story 03"]
    desk.post(DESK, {"down": rows[2].pk})
    assert standing() == ["Story 04", "Story 02", "Story 03"]


def form_of(row, **changed) -> dict[str, str]:
    start = timezone.localtime(row.starts_at)
    return {
        "article": row.article_id, "slot": row.slot, "section": row.section_id or "",
        "starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": f"{start:%H:%M:%S}", "ends_at_0": "", "ends_at_1": "",
    } | changed  # fmt: skip


def test_what_has_stood_there_is_not_rewritten(desk, stories, editor):
    row = put(stories[0], editor, Slot.LEAD)
    before = FrontPageStory.objects.filter(pk=row.pk).values("article", "slot", "section", "starts_at")
    was, url = before.get(), f"{DESK}{row.pk}/change/"
    tomorrow = timezone.localtime(timezone.now() + 24 * HOUR)
    other = form_of(row, article=stories[1].pk, slot="secondary", starts_at_0="2020-01-01") | opened_with(desk, url)
    assert (
        desk.post(url, other | {"ends_at_0": "2020-01-02", "ends_at_1": "00:00"}).status_code == 200
    )  # a time to come
    assert desk.post(url, other | {"ends_at_0": f"{tomorrow:%Y-%m-%d}", "ends_at_1": "06:00"}).status_code == 302
    assert before.get() == was
    row.refresh_from_db()
    assert row.ends_at > timezone.now()
    row.take_off(editor)
    assert desk.get(url).status_code == 200
    assert desk.post(url, other).status_code == 403
    assert before.get() == was


def test_what_has_not_begun_is_placed_anew_in_another_slot(desk, stories, editor):
    start = timezone.now().replace(microsecond=0) + HOUR
    put(stories[1], editor, Slot.SECONDARY)
    row = put(stories[0], editor, Slot.LEAD, starts_at=start)
    url = f"{DESK}{row.pk}/change/"
    assert desk.post(url, form_of(row, slot="secondary") | opened_with(desk, url)).status_code == 302
    row.refresh_from_db()
    assert (row.slot, row.order, row.starts_at) == ("secondary", 1, start)


def test_the_page_of_tomorrow_shows_what_stories_will_say_and_the_banner_of_then(desk, stories, section, editor):
    tomorrow = timezone.localtime(timezone.now() + 24 * HOUR).replace(microsecond=0)
    at = {"at_0": f"{tomorrow:%Y-%m-%d}", "at_1": f"{tomorrow:%H:%M:%S}"}
    put(stories[3], editor, Slot.LEAD)
    for number, due_at in ((3, tomorrow - HOUR), (5, tomorrow), (4, tomorrow + HOUR), (2, None)):
        story = stories[number]
        story.record(editor)
        later = take(story) | {"headline": f"Later {number}", "short_headline": ""}
        keep_next(story, later, editor, seen=story.version, live=story.version, due_at=due_at)
    Banner.objects.create(text="Tonight alone", starts_at=timezone.now(), ends_at=tomorrow - HOUR)
    Banner.objects.create(text="Tomorrow at dawn", starts_at=tomorrow - HOUR, ends_at=tomorrow + HOUR)
    page = desk.get(DESK + "at/", at).content.decode()
    assert "Later 3" in page and "Later 5" in page and "Story 03" not in page
    assert "Later 4" not in page and "Later 2" not in page
    assert "Tomorrow at dawn" in page and "Tonight alone" not in page
    now = Client().get("/").content.decode()
    assert "Later" not in now and "Tonight alone" in now


def test_what_stood_where_pages_by_key(desk, stories, editor, monkeypatch):
    monkeypatch.setattr(screen, "PAGE_SIZE", 2)
    ended = timezone.now()
    for story in stories[:5]:
        put(story, editor, Slot.LEAD).take_off(editor)
    FrontPageStory.objects.update(starts_at=ended - HOUR, ends_at=ended)  # all in one moment
    found, address = [], DESK + "was/"
    while address:
        page = desk.get(address).content.decode()
        found += re.findall(r">(Story \d\d)<", page)
        older = re.search(r'href="(\?before=[^"]+)"', page)
        address = DESK + "was/" + older[1] if older else ""
    assert found == ["Story 04", "Story 03", "Story 02", "Story 01", "Story 00"]
    assert desk.get(DESK + "was/", {"before": "nonsense"}).status_code == 404


def test_a_moment_that_is_none_comes_back_as_it_was_typed_with_what_is_wrong(desk, stories):
    page = desk.get(DESK + "at/", {"at_0": "2026-13-40", "at_1": "10:00"}, follow=True).content.decode()
    assert 'value="2026-13-40"' in page and 'value="10:00"' in page
    assert re.search(r'aria-describedby="id_at_error".*id="id_at_error"><li>Enter a valid date', page, re.DOTALL)
    assert '<label for="id_at_0">' in page and '<label for="id_at_1">' in page
    # It is no part of what is arranged there.
    answer = desk.post(DESK + "?at_0=2026-13-40&at_1=10:00&q=Story", {"put": stories[0].pk, "slot": "lead"})
    assert answer["Location"] == DESK + f"?q=Story&focus=put-{stories[0].pk}"


def test_the_desk_loads_no_texts_and_shows_the_newest_of_what_it_finds(desk, stories, editor, monkeypatch):
    monkeypatch.setattr(screen, "CANDIDATES", 3)
    put(stories[0], editor, Slot.LEAD)
    with CaptureQueriesContext(connection) as queries:
        page = desk.get(DESK, {"q": "Story"}).content.decode()
    assert not [query["sql"] for query in queries if '"body' in query["sql"]]
    candidates = page[page.index("candidates-heading") :]
    assert "Story 05" in candidates and "Story 03" in candidates and "Story 02" not in candidates


def told(answer) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in answer.context["messages"]]


def test_what_is_put_where_no_place_is_left_is_said_not_to_show(desk, stories, section, editor):
    put(stories[0], editor, Slot.LEAD)
    [(level, sentence)] = told(desk.post(DESK, {"put": stories[1].pk, "slot": "lead"}, follow=True))
    assert level == "warning" and "Story 01" in sentence and "only 1 shows" in sentence
    page = desk.get(DESK).content.decode()
    assert page.count("No place: only 1 shows.") == 1
    assert page.index("Take “Story 00” off") < page.index("only 1 shows") < page.index("Take “Story 01” off")
    assert names([composed().lead]) == ["Story 00"]
    [(level, sentence)] = told(desk.post(DESK, {"put": stories[0].pk, "slot": f"rail:{section.pk}"}, follow=True))
    assert level == "warning" and "under “Lead” already" in sentence


def test_a_row_that_is_moved_or_added_where_no_place_is_left_is_said_not_to_show(desk, stories, section, editor):
    for story in stories[:4]:
        put(story, editor, Slot.SECONDARY)
    row = put(stories[4], editor, Slot.LEAD)
    [(level, sentence)] = told(desk.post(DESK, {"move": row.pk, "slot": "secondary"}, follow=True))
    assert level == "warning" and "only 4 show." in sentence
    start = timezone.localtime() - HOUR
    data = {
        "article": stories[5].pk,
        "slot": "secondary",
        "starts_at_0": f"{start:%Y-%m-%d}",
        "starts_at_1": f"{start:%H:%M}",
    }
    assert "warning" in {level for level, _ in told(desk.post(DESK + "add/", data, follow=True))}


def test_what_readers_may_not_see_yet_takes_no_place_and_is_not_called_shown(desk, stories, section, editor):
    coming = make_article(section=section, headline="Tomorrow", publish_at=timezone.now() + 24 * HOUR)
    [(level, sentence)] = told(desk.post(DESK, {"put": coming.pk, "slot": "lead"}, follow=True))
    assert level == "success" and "once readers may see it" in sentence
    put(stories[1], editor, Slot.LEAD, starts_at=timezone.now() + HOUR)
    [(level, sentence)] = told(desk.post(DESK, {"put": stories[0].pk, "slot": "lead"}, follow=True))
    assert (level, "Story 00" in sentence) == ("success", True)
    assert "No place" not in desk.get(DESK).content.decode() and names([composed().lead]) == ["Story 00"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_who_puts_a_story_there_by_keyboard_stays_at_its_button(watch, stories, editor):
    page = watch.page()
    log_in(page, "editor")
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto(DESK)
    button = page.locator(f'[data-put="{stories[-1].pk}"]').get_by_role("button", name="Put there")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator('[data-move] button[name="off"]')).to_be_visible()
    expect(button).to_be_focused()
    expect(button).to_be_in_viewport()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_stories_are_dragged_with_a_mouse(watch, stories, editor):
    page = watch.page()
    log_in(page, "editor")
    page.goto(DESK)
    page.drag_and_drop("[data-put] >> nth=4", "[data-slot=lead]")
    page.wait_for_selector("text=On the front page: Story 01")
    page.drag_and_drop("[data-slot=lead] [data-move]", "[data-slot=secondary]")
    page.wait_for_selector("[data-slot=secondary] [data-move]")
    assert [(row.slot, row.article.headline) for row in FrontPageStory.objects.not_over()] == [
        ("secondary", "Story 01")
    ]


# --- The line of breaking news ---


def test_a_banner_stands_on_every_page_and_ends_by_itself(client, stories, time_machine):
    now = timezone.now()
    Banner.objects.create(text="Bridge closed <now>", url="/latest/", starts_at=now, ends_at=now + HOUR)
    for address in ("/", "/latest/", stories[0].get_absolute_url(), "/nowhere/"):
        page = client.get(address).content.decode()
        assert re.search(r'class="breaking".*<a href="/latest/">Bridge closed &lt;now&gt;</a>', page), address
    time_machine.move_to(now + HOUR)
    assert "Bridge closed" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.example/", "ftp://x.example", "data:text/html,x", "/a b"]
)
def test_a_banner_leads_only_to_an_address(desk, url):
    start = timezone.localtime()
    data = {
        "label": "Breaking", "text": "Words", "url": url, "starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": "00:00",
        "ends_at_0": f"{start:%Y-%m-%d}", "ends_at_1": "23:59",
    }  # fmt: skip
    assert "Give an address" in desk.post("/admin/articles/banner/add/", data).content.decode()
    assert not Banner.objects.exists()
    assert desk.post("/admin/articles/banner/add/", data | {"url": "https://x.example/y"}).status_code == 302


def test_a_banner_is_saved_with_all_that_a_browser_sends(client, editor):
    """Also the hidden initial values that Django gives a field whose default is a function."""
    client.force_login(editor)
    form = client.get("/admin/articles/banner/add/").context["adminform"].form
    sent = {"label": "Breaking", "text": "The bridge is closed", "url": ""}
    for name in ("starts_at", "ends_at"):
        moment = form[name].value()
        sent |= {f"{name}_0": f"{moment:%Y-%m-%d}", f"{name}_1": f"{moment:%H:%M:%S}", f"initial-{name}": str(moment)}
    assert client.post("/admin/articles/banner/add/", sent).status_code == 302
