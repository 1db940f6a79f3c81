"""The order of sections: whoever arranges it does not undo what a colleague has done since, and needs no mouse."""

import threading

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from articles.models import Section
from articles.models.section import OrderedMeanwhile
from articles.tests.factories import make_section
from newsportal.tests.browsing import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/articles/section/"
ORDER = f"{LIST}order/"


@pytest.fixture
def sections() -> dict[str, int]:
    """Numbers by name. All of them have the same `order`, as those that no one has arranged yet do: they stand by name."""
    return {name: make_section(name=name).pk for name in ("Arts", "Books", "City", "Diet")}


def names() -> str:
    return " ".join(Section.objects.values_list("name", flat=True))


def seen(sections, order: str = "Arts Books City Diet") -> str:
    return ",".join(str(sections[name]) for name in order.split())


def test_the_page_says_what_it_shows(desk, sections):
    page = desk.get(LIST).content.decode()
    assert f'name="seen" value="{seen(sections)}"' in page
    Section.objects.move(sections["Diet"], 0, seen=[sections[name] for name in ("Arts", "Books", "City", "Diet")])
    assert f'name="seen" value="{seen(sections, "Diet Arts Books City")}"' in desk.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("data", "order"),
    [
        ({"move": "Arts", "index": 2}, "Books City Arts Diet"),
        ({"move": "Diet", "index": 0}, "Diet Arts Books City"),
        ({"move": "Arts", "index": 99}, "Books City Diet Arts"),
        ({"up": "City"}, "Arts City Books Diet"),
        ({"down": "Arts"}, "Books Arts City Diet"),
        ({"up": "Arts"}, "Arts Books City Diet"),
        ({"down": "Diet"}, "Arts Books City Diet"),
    ],
)
def test_a_section_is_moved_by_a_step_or_to_a_place(desk, sections, data, order):
    verb = next(iter(data))
    name = data[verb]
    answer = desk.post(ORDER, data | {verb: sections[name], "seen": seen(sections)}, follow=True)
    assert names() == order
    place = order.split().index(name) + 1
    assert f"“{name}” is number {place} of 4." in answer.content.decode()
    assert answer.redirect_chain[0][0] == LIST + ("" if verb == "move" else f"#{verb}-{sections[name]}")


def test_what_a_colleague_has_moved_meanwhile_is_not_undone(desk, sections):
    opened = seen(sections)
    assert desk.post(ORDER, {"move": sections["Diet"], "index": 0, "seen": opened}).status_code == 302
    for data in ({"move": sections["Arts"], "index": 3}, {"up": sections["Books"]}):
        answer = desk.post(ORDER, data | {"seen": opened})
        page = answer.content.decode()
        assert answer.status_code == 409
        assert 'role="alert"' in page and "Somebody else has changed the order of the sections" in page
        assert names() == "Diet Arts Books City"
        # The page shows how they stand now, and one may go on from there.
        assert f'name="seen" value="{seen(sections, names())}"' in page
    data = {"down": sections["Diet"], "seen": seen(sections, names())}
    assert desk.post(ORDER, data).status_code == 302
    assert names() == "Arts Diet Books City"


@pytest.mark.parametrize("change", ["one more", "one less"])
def test_a_section_that_came_or_went_meanwhile_is_noticed(desk, sections, change):
    if change == "one more":
        make_section(name="Economy")
    else:
        Section.objects.filter(name="Books").delete()
    before = names()
    assert desk.post(ORDER, {"down": sections["Arts"], "seen": seen(sections)}).status_code == 409
    assert names() == before


def test_what_names_no_section_moves_nothing(desk, sections):
    of_all = seen(sections)
    for data in (
        {}, {"seen": of_all}, {"up": sections["City"]}, {"up": "x", "seen": of_all}, {"up": "0", "seen": of_all},
        {"up": "0", "seen": f"{of_all},x"}, {"up": "9" * 30, "seen": of_all}, {"up": sections["City"], "seen": "x,,-1"},
    ):  # fmt: skip
        assert desk.post(ORDER, data).status_code in {404, 409}, data
    assert desk.get(ORDER, follow=True).redirect_chain == [(LIST, 302)]
    assert names() == "Arts Books City Diet"


def test_a_part_of_the_sections_is_not_arranged(desk, sections):
    page = desk.get(LIST, {"q": "Books"}).content.decode()
    assert "Books" in page and "data-place" not in page and 'name="seen"' not in page


def test_who_may_only_look_has_no_buttons(client, sections, reporter):
    client.force_login(reporter)
    assert "data-place" not in client.get(LIST).content.decode()
    assert client.post(ORDER, {"up": sections["City"], "seen": seen(sections)}).status_code == 403
    assert names() == "Arts Books City Diet"


def test_a_new_section_is_the_last(desk, sections):
    data = {"name": "Aardvarks", "slug": "aardvarks", "colour": "ink", "comment_policy-TOTAL_FORMS": 0,
            "comment_policy-INITIAL_FORMS": 0}  # fmt: skip
    assert desk.post(f"{LIST}add/", data).status_code == 302
    assert names() == "Arts Books City Diet Aardvarks"


def test_a_form_that_was_open_keeps_the_order_of_since(desk, sections):
    from newsportal.tests.forms import opened

    address = f"{LIST}{sections['Diet']}/change/"
    data = opened(desk, address)
    desk.post(ORDER, {"move": sections["Diet"], "index": 0, "seen": seen(sections)})
    assert desk.post(address, data | {"description": "What we eat."}).status_code == 302
    assert names() == "Diet Arts Books City"


def test_moving_costs_the_same_among_many(sections):
    costs = []
    for count in (4, 60):
        for number in range(Section.objects.count(), count):
            make_section(name=f"Section {number}")
        order = list(Section.objects.values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as queries:
            Section.objects.move(order[-1], 0, seen=order)
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 6


@pytest.mark.django_db(transaction=True)
def test_of_two_in_one_moment_one_is_refused(sections):
    order = list(sections.values())
    barrier, outcomes = threading.Barrier(2), []

    def move(pk: int, index: int) -> None:
        barrier.wait()
        try:
            outcomes.append(Section.objects.move(pk, index, seen=order))
        except OrderedMeanwhile:
            outcomes.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=move, args=args) for args in ((order[0], 3), (order[3], 0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(None) == 1
    (done,) = [outcome for outcome in outcomes if outcome]
    assert list(Section.objects.values_list("pk", flat=True)) == done


# --- In a browser ---


def shown(page) -> str:
    return " ".join(page.locator("#result_list .field-name").all_inner_texts())


def drag(page, name: str, onto: str) -> None:
    """With the mouse, to the far half of another row."""
    row = page.locator("#result_list tbody tr", has_text=onto)
    target = {
        "x": 200,
        "y": 2 if shown(page).index(onto) < shown(page).index(name) else row.bounding_box()["height"] - 2,
    }
    handle = page.locator("#result_list tbody tr", has_text=name).locator(".section-handle")
    handle.drag_to(row, target_position=target)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_two_who_drag_do_not_undo_each_other(watch, sections, editor, administrator):
    one, two = watch.page(), watch.page()
    for page, name in ((one, "editor"), (two, "administrator")):
        log_in(page, name)
        page.goto(LIST)
        assert shown(page) == "Arts Books City Diet"
    drag(one, "Diet", "Arts")
    expect(one.get_by_text("“Diet” is number 1 of 4.")).to_be_visible()
    assert shown(one) == names() == "Diet Arts Books City"
    drag(one, "Arts", "City")
    expect(one.get_by_text("“Arts” is number 4 of 4.")).to_be_visible()
    assert names() == "Diet Books City Arts"

    assert shown(two) == "Arts Books City Diet"
    drag(two, "City", "Arts")
    expect(two.get_by_role("alert")).to_contain_text("Somebody else has changed the order of the sections")
    assert shown(two) == names() == "Diet Books City Arts"
    drag(two, "City", "Diet")
    expect(two.get_by_text("“City” is number 1 of 4.")).to_be_visible()
    assert names() == "City Diet Books Arts"
    # The browser notes the refusal that the page has told.
    assert len(watch.problems) == 1 and "409" in watch.problems.pop()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scripts", [True, False])
def test_sections_are_arranged_with_the_keyboard_alone(watch, sections, editor, scripts):
    page = watch.page(java_script_enabled=scripts)
    log_in(page, "editor")
    page.goto(LIST)
    page.get_by_role("button", name="Move City up").focus()
    for place in (2, 1):
        page.keyboard.press("Enter")  # the keyboard is still on it after the first
        expect(page.get_by_text(f"“City” is number {place} of 4.")).to_be_visible()
    expect(page.get_by_role("button", name="Move City up")).to_be_focused()
    assert names() == "City Arts Books Diet"
    assert page.locator(".section-handle").first.is_visible() is scripts


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_of_two_who_move_sections_at_once_the_second_is_told():
    for number in range(3):
        make_section(name=f"Section {number}", order=number + 1)
    seen, told = list(Section.objects.values_list("pk", flat=True)), []

    def second():
        try:
            Section.objects.move(seen[1], 0, seen=seen)
        except OrderedMeanwhile:
            told.append(True)
        finally:
            connection.close()

    waits = threading.Thread(target=second)
    with transaction.atomic():
        Section.objects.move(seen[2], 0, seen=seen)
        waits.start()
        waits.join(timeout=1)
    waits.join()
    assert told
