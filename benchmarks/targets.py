"""What was promised, and whether this run has kept it. Only ratios: they say the same on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

#: A database: mode: page: what was measured with one connection.
Results = dict[str, Any]

RENDERED, CACHED, REDIS, NGINX = "rendered", "cached", "cached, counters in Redis", "through deploy/nginx.conf"
STORY, STORIES, FRONT = "story, 50 comments", "stories, 500 different", "front"
COMMENT, BEACON = "comment, posted", "beacon"
#: With so many connections a server is busy all the time, and pays for no waking up.
COMPARED = 16
WRITES = {COMMENT, "desk, list of stories", BEACON}


@dataclass(frozen=True)
class Verdict:
    target: str
    limit: float
    #: None: it was not measured in this run.
    measured: float | None

    @property
    def word(self) -> str:
        return "not measured" if self.measured is None else "reached" if self.measured <= self.limit else "missed"


def verdicts(results: Results) -> Iterator[Verdict]:
    hello = results["limits"].get("hello")
    for database in results["databases"]:
        pages = _cpu(results, database)
        rendered, cached, redis = (pages.get(mode, {}) for mode in (RENDERED, CACHED, REDIS))
        on = f", {database} database"
        yield Verdict(f"story with 50 comments, rendered: hello × 15{on}", 15, _ratio(rendered.get(STORY), hello))
        yield Verdict(f"front page, rendered: hello × 15{on}", 15, _ratio(rendered.get(FRONT), hello))
        yield Verdict(f"any public page from the cache: hello × 0.2{on}", 0.2, _ratio(_dearest(cached), hello))
        yield Verdict(f"the same, counters in Redis: hello × 0.7{on}", 0.7, _ratio(_dearest(redis), hello))
        files = results["databases"][database]["files"]
        proxied = max((pages[NGINX][page] / file for page, file in files.items()), default=None)
        yield Verdict(f"any public page through deploy/nginx.conf: its file × 1.3{on}", 1.3, proxied)
        again = results["databases"][database]["again"]
        yield Verdict(f"asked again, 304: hello × 0.2{on}", 0.2, _ratio(again, hello))
        deep = _ratio(rendered.get("list, deep page"), rendered.get("list, page 1"))
        yield Verdict(f"deep page of a list: page 1 × 1.1{on}", 1.1, deep)
        memory = results["databases"][database]["memory"]
        yield Verdict(f"memory of a worker after all of it: 150 MB{on}", 150, memory and memory / 1e6)
        size = results["databases"][database]["story_bytes"]
        yield Verdict(f"story page without its pictures, on the wire: 25 KB{on}", 25, size and size / 1000)
    yield Verdict("every page: large database ÷ small × 1.2", 1.2, _largest_growth(results))


def _cpu(results: Results, database: str) -> dict[str, dict[str, float]]:
    modes = results["databases"][database]["modes"]
    return {mode: {page: told[str(COMPARED)]["cpu"] for page, told in pages.items()} for mode, pages in modes.items()}


def public(pages: Iterable[str]) -> list[str]:
    """Those that may be kept."""
    return [page for page in pages if page not in WRITES and not page.startswith("search")]


def _dearest(pages: dict[str, float]) -> float | None:
    return max((pages[page] for page in public(pages)), default=None)


def _largest_growth(results: Results) -> float | None:
    if not {"small", "large"} <= set(results["databases"]):
        return None
    small, large = (_cpu(results, database).get(RENDERED, {}) for database in ("small", "large"))
    # What is on these pages differs from database to database, not what it costs to find it.
    ratios = [large[page] / small[page] for page in small if page in large and small[page]]
    return max(ratios) if ratios else None


def _ratio(value: float | None, to: float | None) -> float | None:
    return None if value is None or not to else value / to
