"""What the model says of a newspaper follows from its readers and from its desk."""

import pytest

from benchmarks.model import RESERVE, Costs, Newsroom, checked, costs_of, different, needed, report
from benchmarks.targets import BEACON, COMMENT, STORIES

COSTS = Costs(made=8, first=12, kept=0.05, kept_on_many=0.1, at_nginx=0.02, beacon=0.5, search=10, comment=16)
#: Of whom nobody searches and whose stories say nothing.
SILENT = Newsroom(searches=0, beacons=0)


def test_nobody_makes_more_pages_than_are_asked_for():
    quiet = needed(1_000, COSTS)
    assert quiet.made == pytest.approx(quiet.requests * 0.99)  # all but the searches


def test_ten_times_the_readers_make_no_more_pages_where_all_are_kept():
    many, more = needed(10_000_000, COSTS, SILENT), needed(100_000_000, COSTS, SILENT)
    assert more.made == many.made
    assert many.cores_alone < more.cores_alone < 10 * many.cores_alone


def test_a_busier_desk_makes_more_pages_whoever_reads():
    calm, busy = (needed(100_000_000, COSTS, Newsroom(of_all=changes)) for changes in (1, 60))
    assert busy.made > calm.made


def test_an_edit_costs_fewer_pages_than_a_story_that_moves():
    def made(**desk: float) -> float:
        return needed(100_000_000, COSTS, Newsroom(**desk)).made

    quiet = made(of_lists=0, edits=0)
    assert 0 < made(of_lists=0, edits=100) - quiet < made(of_lists=100, edits=0) - quiet


def test_each_process_makes_its_own_pages():
    assert needed(100_000_000, COSTS, processes=8).made == 4 * needed(100_000_000, COSTS, processes=2).made


def test_nginx_takes_the_readers_and_leaves_the_desk():
    told = needed(100_000_000, COSTS)
    assert told.cores_behind_nginx < told.cores_alone


def test_few_requests_want_different_pages_and_many_the_same_ones():
    assert different(0.01, 5_000) == pytest.approx(0.01, rel=0.01)
    assert 900 < different(4_600, 5_000) < 3_000
    assert different(1e9, 5_000) == pytest.approx(5_000)


def test_searches_and_beacons_cost_the_same_whoever_stands_before():
    silent, talking = (needed(100_000_000, COSTS, newsroom) for newsroom in (SILENT, Newsroom(searches=0, beacons=0.5)))
    a_second = 100_000_000 / 86_400 * 4
    beacons = a_second * 0.5 * 0.5 / 1000 / (1 - RESERVE)
    assert talking.of_beacons == pytest.approx(beacons)
    assert talking.cores_alone - silent.cores_alone == pytest.approx(beacons)
    assert talking.cores_behind_nginx - silent.cores_behind_nginx == pytest.approx(beacons)
    searched = needed(100_000_000, COSTS, Newsroom(searches=0.03, beacons=0))
    assert searched.of_searches == pytest.approx(a_second * 0.03 * 10 / 1000 / (1 - RESERVE))
    assert searched.cores_behind_nginx - silent.cores_behind_nginx == pytest.approx(searched.of_searches, rel=0.01)


def a_run() -> dict:
    def mode(**pages: float) -> dict:
        return {page.replace("_", " "): {"16": {"cpu": cpu}} for page, cpu in pages.items()}

    asked = {BEACON: {"16": {"cpu": 0.4}}, COMMENT: {"16": {"cpu": 15}}}
    searches = {"search, a rare word": {"16": {"cpu": 4}}, "search, a common word": {"16": {"cpu": 8}}}
    cached = mode(front=0.03, section=0.04, feed=9) | asked | searches
    rendered = mode(front=3, section=2) | {STORIES: {"16": {"cpu": 5}}} | asked | searches
    modes = {"rendered": rendered, "cached": cached, "through deploy/nginx.conf": mode(front=0.01, section=0.02)}
    return {"databases": {"small": {"modes": modes}}}


def test_each_kind_costs_what_it_has_cost_in_a_run():
    assert costs_of(a_run()) == Costs(
        made=3, first=5, kept=0.035, kept_on_many=0.035, at_nginx=0.015, beacon=0.4, search=6, comment=15
    )


def test_a_run_without_beacons_says_nothing_of_a_newspaper():
    run = a_run()
    del run["databases"]["small"]["modes"]["cached"][BEACON]
    with pytest.raises(KeyError):
        costs_of(run)


#: Of 500 stories all have been asked for long ago, and nothing changes.
QUIET = {
    "seconds": 10, "servers": 10.0, "asking": 2.0, "save": 200, "kinds": {"story": 800, "list": 200},
    "earlier": {"story": 10**9}, "stories": 500, "lists": 20, "flat": 10,
}  # fmt: skip


def test_the_limit_of_a_mixture_follows_from_what_its_kinds_cost():
    assert checked(COSTS, QUIET).said == pytest.approx(COSTS.kept)
    mixed = QUIET | {"kinds": {"story": 800, "list": 200, "beacon": 500, "search": 20, "comment": 4, "save": 1}}
    # Comments and the save touch a page each, and ten that show it: these are made anew.
    kept, made = 1_000 - 5 * 11, 5 * 11
    of_all = kept * COSTS.kept + made * COSTS.made + 500 * COSTS.beacon + 20 * COSTS.search + 4 * COSTS.comment + 200
    found = checked(COSTS, mixed)
    assert found.said == pytest.approx(of_all / 1_525)
    assert (found.measured, found.limit_measured) == pytest.approx((10_000 / 1_525, 152.5))
    # Twelve seconds of processor were had in ten, and who asks has taken its part of them.
    assert found.limit_said == pytest.approx(1_200 / (of_all / 1_525 + 2_000 / 1_525))


def test_a_mixture_that_costs_what_was_said_is_answered_as_often_as_was_said():
    true = QUIET | {"servers": 1_000 * COSTS.kept / 1000}
    found = checked(COSTS, true)
    assert found.limit_measured == pytest.approx(found.limit_said)
    dearer = checked(COSTS, QUIET)
    assert dearer.limit_measured < dearer.limit_said


def test_a_story_that_nobody_has_asked_for_yet_is_made_from_nothing():
    before, long_after = (checked(COSTS, QUIET | {"earlier": {"story": asked}}) for asked in (0, 10**9))
    assert before.said > long_after.said
    new = different(800, 500, flat=10)
    assert before.said * 1_000 == pytest.approx(new * COSTS.first + (1_000 - new) * COSTS.kept)


def test_the_check_is_printed_beside_the_table():
    assert "Checked" not in report(a_run(), 2)
    said = report(a_run(), 2, {"at_limit": QUIET})
    assert "has cost them 10.00" in said and "and 100 were" in said
