"""What a newspaper of so many readers needs, from what a run of the benchmarks has measured.

    python -m benchmarks --json told.json && python -m benchmarks.model told.json

A request costs what its kind has cost in that run, in milliseconds of processor: out of nginx's cache, out of the application's, or
made anew; searches and beacons come from no cache. How many pages are made anew follows from the desk and not from the readers: a
page is made once in each process for each time that something it shows is touched, at the most as often as it is asked for.

    python -m benchmarks.held --json held.json && python -m benchmarks.model told.json --held held.json

checks it: from the costs of the first run it says what the mixture of the second costs at its limit, beside what the processes of
the servers have used there, and how much of it this machine answers, beside what it has answered. Who asks runs on the same
processors; what that has used is known from its own processes, and added to what is said.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.targets import BEACON, CACHED, COMMENT, NGINX, REDIS, RENDERED, STORIES, public

DAY = 24 * 3600
VIEWS = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
#: What is not asked of the processor: it is left for the moment that nobody foresaw.
RESERVE = 0.3


@dataclass(frozen=True)
class Newsroom:
    """How a day goes. The busiest hour has `peak` times the mean; `lists` and `stories` are the pages that are asked for then."""

    peak: float = 4
    #: Changes an hour that all lists show (published, moved, withdrawn), that every page shows (a section, a banner, a schedule),
    #: and of the words of a story.
    of_lists: float = 40
    of_all: float = 20
    edits: float = 80
    #: Comments an hour that appear, each on one story and in the counts of lists that show it.
    comments: float = 600
    lists: int = 200
    #: Lists, and pages of other stories, that show a story.
    with_it: int = 10
    stories: int = 5_000
    #: Stored when written: milliseconds of processor for a save, as `search.py` measures it.
    write: float = 40
    #: Of the page views: results of searches, and stories that are on the screen for long enough to say so (two of three, where
    #: three views of four are stories).
    searches: float = 0.01
    beacons: float = 0.5

    def touched(self) -> float:
        """Pages that are not true any more, an hour."""
        of_one_story = (self.edits + self.comments) * (1 + self.with_it)
        return self.lists * (self.of_lists + self.of_all) + self.stories * self.of_all + of_one_story


@dataclass(frozen=True)
class Costs:
    """Milliseconds of processor for one request of each kind.

    `first`: a story that nobody has asked for yet. `beacon`: with its part of writing down. `search`: between a rare word and the
    commonest.
    """

    made: float
    first: float
    kept: float
    kept_on_many: float
    at_nginx: float
    beacon: float
    search: float
    comment: float


@dataclass(frozen=True)
class Needed:
    """requests, beacons and made anew: a second, in the busiest hour. cores: with the reserve; those of beacons and of
    searches are in both.
    """  # fmt: skip

    views: int
    requests: float
    beacons: float
    made: float
    cores_alone: float
    cores_behind_nginx: float
    of_beacons: float
    of_searches: float


def costs_of(results: dict[str, Any], database: str = "small") -> Costs:
    """Raises KeyError for a run without the modes, or without the pages, that are needed."""
    modes = results["databases"][database]["modes"]

    def typical(mode: str, pages: Iterable[str] = ()) -> float:
        told = modes[mode]
        # A feed is asked for by programs, and seldom.
        wanted = pages or [page for page in public(told) if page != "feed"]
        return statistics.median(told[page]["16"]["cpu"] for page in wanted)

    return Costs(
        made=typical(RENDERED),
        first=typical(RENDERED, [STORIES]),
        kept=typical(CACHED),
        kept_on_many=typical(REDIS if REDIS in modes else CACHED),
        at_nginx=typical(NGINX),
        beacon=typical(CACHED, [BEACON]),
        search=typical(CACHED, ["search, a rare word", "search, a common word"]),
        comment=typical(CACHED, [COMMENT]),
    )


def needed(views: int, costs: Costs, newsroom: Newsroom = Newsroom(), *, processes: int = 2) -> Needed:
    requests = views / DAY * newsroom.peak
    beacons, searches = requests * newsroom.beacons, requests * newsroom.searches
    pages = requests - searches
    made = min(pages, newsroom.touched() / 3600 * processes)
    # From no cache, whoever stands before.
    of_beacons, of_searches = beacons * costs.beacon, searches * costs.search
    written = (newsroom.edits + newsroom.of_lists) * newsroom.write + newsroom.comments * costs.comment
    always = made * costs.made + of_beacons + of_searches + written / 3600
    hit = costs.kept if processes <= 2 else costs.kept_on_many
    # nginx asks for each page once in a second in which it is wanted at all, and is told that it is the same.
    asked = different(pages, newsroom.lists + newsroom.stories)
    return Needed(
        views=views, requests=requests, beacons=beacons, made=made,
        cores_alone=_cores((pages - made) * hit + always),
        cores_behind_nginx=_cores(pages * costs.at_nginx + asked * hit + always),
        of_beacons=_cores(of_beacons), of_searches=_cores(of_searches),
    )  # fmt: skip


def different(requests: float, pages: int, *, flat: float = 0) -> float:
    """How many different pages so many requests want, where the n-th page is wanted a n-th as often as the first (Zipf's law).

    `flat`: the first are less far ahead: the n-th is wanted as often as 1 / (n + flat) says.
    """
    weights = [1 / (place + flat) for place in range(1, pages + 1)]
    whole = sum(weights)
    return sum(1 - math.exp(-requests * weight / whole) for weight in weights)


def _cores(milliseconds_a_second: float) -> float:
    return milliseconds_a_second / 1000 / (1 - RESERVE)


# --- Held against what was measured -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checked:
    """Milliseconds of processor a request of the mixture, of the servers and of who asks; requests a second."""

    said: float
    measured: float
    asking: float
    limit_said: float
    limit_measured: float


def checked(costs: Costs, at_limit: dict[str, Any]) -> Checked:
    """`at_limit`, as benchmarks.held writes it: `kinds` and `earlier` are requests by kind, in the `seconds` in which the limit was
    measured and in those before; `servers` and `asking`, seconds of processor in the former; `save`, milliseconds of one;
    `stories` and `lists`, how many of them are asked for, and `flat` how evenly, as `different` has it.

    Both have had so much of the processors as they have used: what else the machine did meanwhile is nothing that is said here.
    """  # fmt: skip
    kinds = dict.fromkeys(("story", "list", "search", "comment", "beacon", "save"), 0) | at_limit["kinds"]
    earlier = dict.fromkeys(kinds, 0) | at_limit["earlier"]
    requests = sum(kinds.values())
    # Stories that are wanted for the first time: each is made from nothing, once, since the processes make pages for each other.
    so_far = [
        different(asked, at_limit["stories"], flat=at_limit["flat"])
        for asked in (earlier["story"], earlier["story"] + kinds["story"])
    ]
    first = so_far[1] - so_far[0]
    desk = Newsroom(
        of_lists=0,
        of_all=0,
        edits=kinds["save"],
        comments=kinds["comment"],
        lists=at_limit["lists"],
        stories=at_limit["stories"],
    )
    pages = kinds["story"] + kinds["list"] - first
    made = min(pages, desk.touched())
    servers = (
        first * costs.first + made * costs.made + (pages - made) * costs.kept + kinds["search"] * costs.search
        + kinds["comment"] * costs.comment + kinds["beacon"] * costs.beacon + kinds["save"] * at_limit["save"]
    )  # fmt: skip
    asking, used = at_limit["asking"], at_limit["asking"] + at_limit["servers"]
    return Checked(
        said=servers / requests,
        measured=at_limit["servers"] * 1000 / requests,
        asking=asking * 1000 / requests,
        limit_said=used * 1000 / at_limit["seconds"] / (servers / requests + asking * 1000 / requests),
        limit_measured=requests / at_limit["seconds"],
    )


def report(results: dict[str, Any], processes: int, held: dict[str, Any] | None = None) -> str:
    costs = costs_of(results)
    lines = [
        f"Milliseconds a request: made anew {costs.made:.2f}, a story for the first time {costs.first:.2f}, kept {costs.kept:.3f}, "
        f"with numbers in Redis {costs.kept_on_many:.3f}, out of nginx {costs.at_nginx:.3f}, a beacon {costs.beacon:.2f}, "
        f"a search {costs.search:.1f}, a comment {costs.comment:.1f}. {processes} processes.",
        "",
        f"{'page views a day':>18}{'a second, at peak':>19}{'beacons':>9}{'made anew':>11}"
        f"{'cores alone':>13}{'behind nginx':>14}{'of beacons':>12}{'of searches':>13}",
    ]
    for views in VIEWS:
        told = needed(views, costs, processes=processes)
        lines.append(
            f"{views:>18,}{told.requests:>19,.1f}{told.beacons:>9,.1f}{told.made:>11,.1f}"
            f"{told.cores_alone:>13,.2f}{told.cores_behind_nginx:>14,.2f}{told.of_beacons:>12,.2f}{told.of_searches:>13,.2f}"
        )
    if held:
        found = checked(costs, held["at_limit"])
        lines += [
            "",
            f"Checked: a request of the mixture costs the servers {found.said:.2f} ms, and has cost them {found.measured:.2f}; who "
            f"asked has used {found.asking:.2f}. So {found.limit_said:.0f} are answered a second, and "
            f"{found.limit_measured:.0f} were: {found.limit_measured / found.limit_said:.0%}.",
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__.partition("\n")[0])
    parser.add_argument("told", type=Path, help="what `python -m benchmarks --json` has written")
    parser.add_argument("--held", type=Path, help="what `python -m benchmarks.held --json` has written")
    parser.add_argument("--processes", type=int, default=2, help="of the application, on all nodes together (2)")
    options = parser.parse_args()
    held = json.loads(options.held.read_text()) if options.held else None
    print(report(json.loads(options.told.read_text()), options.processes, held))
