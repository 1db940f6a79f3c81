"""What a newspaper of so many readers needs, from what a run of the benchmarks has measured.

    python -m benchmarks --json told.json && python -m benchmarks.model told.json

A request costs what its kind has cost in that run, in milliseconds of processor: out of nginx's cache, out of the application's, or
made anew. How many are made anew follows from the desk and not from the readers: a page is made once in each process for each time
that something it shows is touched, at the most as often as it is asked for. The model is checked against the same run: of the
requests a second that it says two cores can answer, so many were.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.targets import CACHED, NGINX, REDIS, RENDERED

DAY = 24 * 3600
VIEWS = [10_000, 100_000, 1_000_000, 10_000_000, 100_000_000]
#: How the names of pages begin that are kept.
PUBLIC = ("front", "list", "stor", "section", "tag")
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
    #: Stored when written: milliseconds of processor for a save or a comment, as `comments.py` and `search.py` measure them.
    write: float = 40


@dataclass(frozen=True)
class Costs:
    """Milliseconds of processor for one request of each kind."""

    made: float
    kept: float
    kept_on_many: float
    at_nginx: float


@dataclass(frozen=True)
class Needed:
    """requests and made anew: a second, in the busiest hour. cores: with the reserve."""

    views: int
    requests: float
    made: float
    cores_alone: float
    cores_behind_nginx: float


def costs_of(results: dict[str, Any], database: str = "small") -> Costs:
    """Raises KeyError for a run without the modes that are needed."""
    modes = results["databases"][database]["modes"]

    def typical(mode: str) -> float:
        public = [
            told["16"]["cpu"]
            for page, told in modes[mode].items()
            if page.startswith(("front", "list", "stor", "section", "tag"))
        ]
        return statistics.median(public)

    many = typical(REDIS) if REDIS in modes else typical(CACHED)
    return Costs(typical(RENDERED), typical(CACHED), many, typical(NGINX))


def needed(views: int, costs: Costs, newsroom: Newsroom = Newsroom(), *, processes: int = 2) -> Needed:
    requests = views / DAY * newsroom.peak
    changes = newsroom.of_lists + newsroom.of_all
    of_one_story = (newsroom.edits + newsroom.comments) * (1 + newsroom.with_it)
    touched = newsroom.lists * changes + newsroom.stories * newsroom.of_all + of_one_story
    made = min(requests, touched / 3600 * processes)
    writes = (newsroom.comments + newsroom.edits + newsroom.of_lists) / 3600 * newsroom.write
    hit = costs.kept if processes <= 2 else costs.kept_on_many
    alone = (requests - made) * hit + made * costs.made + writes
    # nginx asks for each page once in a second in which it is wanted at all, and is told that it is the same.
    asked = different(requests, newsroom.lists + newsroom.stories)
    proxied = requests * costs.at_nginx + asked * hit + made * costs.made + writes
    return Needed(views, requests, made, _cores(alone), _cores(proxied))


def different(requests: float, pages: int) -> float:
    """How many different pages so many requests want, where the n-th page is wanted a n-th as often as the first (Zipf's law)."""
    weights = [1 / place for place in range(1, pages + 1)]
    whole = sum(weights)
    return sum(1 - math.exp(-requests * weight / whole) for weight in weights)


def _cores(milliseconds_a_second: float) -> float:
    return milliseconds_a_second / 1000 / (1 - RESERVE)


def checked(results: dict[str, Any], cores: int = 2, database: str = "small") -> dict[str, float]:
    """Mode → requests a second that were answered ÷ those that the model gives this machine without a reserve.

    Below 1 by what the load itself has used: wrk runs on the same cores.
    """
    found = {}
    for mode, pages in results["databases"][database]["modes"].items():
        ratios = [told["16"]["per_second"] * told["16"]["cpu"] / 1000 / cores for told in pages.values()]
        found[mode] = statistics.median(ratios)
    return found


def report(results: dict[str, Any], processes: int) -> str:
    costs = costs_of(results)
    lines = [
        f"Milliseconds a request: made anew {costs.made:.2f}, kept {costs.kept:.3f}, with numbers in Redis "
        f"{costs.kept_on_many:.3f}, out of nginx {costs.at_nginx:.3f}. {processes} processes.",
        "",
        f"{'page views a day':>18}{'a second, at peak':>20}{'made anew':>12}{'cores alone':>14}{'behind nginx':>14}",
    ]
    for views in VIEWS:
        told = needed(views, costs, processes=processes)
        lines.append(
            f"{views:>18,}{told.requests:>20,.1f}{told.made:>12,.1f}{told.cores_alone:>14,.2f}{told.cores_behind_nginx:>14,.2f}"
        )
    lines += ["", "Checked: of what the model says that two cores can answer, this run has answered"]
    lines += [f"  {share:>5.0%}  {mode}" for mode, share in checked(results).items()]
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__.partition("\n")[0])
    parser.add_argument("told", type=Path, help="what `python -m benchmarks --json` has written")
    parser.add_argument("--processes", type=int, default=2, help="of the application, on all nodes together (2)")
    options = parser.parse_args()
    print(report(json.loads(options.told.read_text()), options.processes))
