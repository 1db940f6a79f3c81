"""What the model says of a newspaper follows from its readers and from its desk."""

import pytest

from benchmarks.model import Costs, Newsroom, checked, different, needed

COSTS = Costs(made=8, kept=0.05, kept_on_many=0.1, at_nginx=0.02)


def test_nobody_makes_more_pages_than_are_asked_for():
    quiet = needed(1_000, COSTS)
    assert quiet.made == quiet.requests


def test_ten_times_the_readers_make_no_more_pages_where_all_are_kept():
    many, more = needed(10_000_000, COSTS), needed(100_000_000, COSTS)
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


def test_it_is_held_against_what_was_answered():
    pages = {"front": {"16": {"cpu": 0.05, "per_second": 20_000}}}
    assert checked({"databases": {"small": {"modes": {"cached": pages}}}}) == {"cached": 0.5}
