"""Redis dies under load, comes back empty, and then takes what is sent and answers nothing.

    python deploy/drills/redis_away.py [--sqlite]

Reading and writing go on, and at no time does anybody read what a story said before its last change: not while Redis is away or
hangs, and not from what a node remembers of it afterwards.
"""

from __future__ import annotations

import itertools
import signal
from contextlib import ExitStack
from typing import Any

from installation import (
    Drill,
    Use,
    Visitor,
    database,
    folder_for,
    let_go,
    loopback,
    newsroom,
    options_of,
    prepare,
    taken,
    whole,
)


def main() -> None:
    options, drill = options_of(__doc__, both=True), Drill("Redis away")
    with folder_for("redis") as folder, ExitStack() as stack:
        url = stack.enter_context(database(folder, options.sqlite))
        redis = stack.enter_context(loopback.redis_part(folder))
        environment = prepare(folder, url, CACHE_URL=redis.url)
        story, draft = newsroom()
        first, second = stack.enter_context(loopback.nodes(2, environment, quiet=not options.verbose))
        drill.says("a newspaper with Redis and two nodes")
        with Use(first, story, draft) as use:
            drill.comes_to("comments and saves are taken", lambda: go_on(use, 0, 0))
            changes = Changes(drill, story, first, second)
            changes.make(5, "with Redis")
            redis.stop(signal.SIGKILL)
            drill.says("Redis is killed")
            comments, saves, read = len(taken(use.comments)), len(taken(use.saves)), use.read[200]
            changes.make(5, "without Redis")
            drill.comes_to("comments and saves are taken", lambda: go_on(use, comments, saves))
            drill.comes_to("pages are read", lambda: use.read[200] >= read + 30)
            redis.start()
            drill.says("Redis is started again, empty")
            comments, saves = len(taken(use.comments)), len(taken(use.saves))
            changes.make(5, "with Redis again")
            drill.comes_to("comments and saves are taken", lambda: go_on(use, comments, saves))
            comments, saves, read = len(taken(use.comments)), len(taken(use.saves)), use.read[200]
            with redis.hanging():
                drill.says("Redis hangs")
                changes.make(5, "while Redis hangs")
                drill.comes_to("comments and saves are taken", lambda: go_on(use, comments, saves))
                drill.comes_to("pages are read", lambda: use.read[200] >= read + 30)
            drill.says("Redis goes on")
            comments, saves = len(taken(use.comments)), len(taken(use.saves))
            changes.make(5, "with Redis that goes on")
            drill.comes_to("comments and saves are taken", lambda: go_on(use, comments, saves))
        drill.holds(f"{use.read.total()} pages were read, all with 200", set(use.read) == {200}, dict(use.read))
        for sent, what in ((use.comments, "comments"), (use.saves, "saves")):
            drill.holds(
                f"all {len(sent)} {what} were taken", len(taken(sent)) == len(sent), [s.answer.status for s in sent]
            )
        whole(drill)
    drill.end()


def go_on(use: Use, comments: int, saves: int) -> bool:
    return len(taken(use.comments)) >= comments + 5 and len(taken(use.saves)) >= saves + 3


class Changes:
    """An editor at one node changes the story, and a reader at each reads it in the moment after that."""

    def __init__(self, drill: Drill, story: Any, *nodes: int):
        self.drill, self.story, self.nodes = drill, story, nodes
        self.editor = Visitor(nodes[0])
        self.editor.log_in("editor")
        self.numbers = itertools.count(1)

    def make(self, times: int, when: str) -> None:
        desk, stale = f"/admin/articles/article/{self.story.pk}/change/", []
        for _ in range(times):
            headline = f"The ferry is {next(self.numbers)} minutes late"
            answer = self.editor.post(desk, self.editor.form(desk, "headline") | {"headline": headline})
            if answer.status != 302:
                stale.append(f"not saved: {answer.status}")
                continue
            for node in self.nodes:
                for path in (self.story.get_absolute_url(), "/", "/latest/", "/feed/"):
                    page = Visitor(node).get(path)
                    if headline not in page.text:
                        stale.append(f"{path} at {node}: {page.status}")
        self.drill.holds(f"{times} changes are seen at once on every page at both nodes, {when}", not stale, stale)
        let_go()


if __name__ == "__main__":
    main()
