"""Eight readers try to catch an old page while everything changes, on two servers of two processes each: nobody asks after a
change and sees what was before it."""

from __future__ import annotations

import random
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from articles.models import FrontPageStory, Tag
from articles.related import relate
from articles.tests.factories import make_article, make_image, make_section
from comments.decide import decide
from comments.tests.factories import make_comment
from deploy.loopback import nginx
from newsportal.page_cache.counters import InDatabase, source_of
from newsportal.tests import nodes
from newsportal.tests.redis_server import Server, make_node

pytestmark = pytest.mark.django_db(transaction=True)

READERS, CHANGES = 8, 200
#: Seconds from one change at a desk to its next.
PAUSE = 0.05


@dataclass
class Thing:
    """Something that changes. `states[n]` is what it is after its n-th change, as `seen(page)` finds it there."""

    pages: list[str]
    seen: Callable[[str], object]
    change: Callable[[], object]
    states: list[object] = field(default_factory=list)
    begun: int = 0
    done: int = 0

    def go_on(self) -> None:
        self.begun += 1
        # What it will be is known only afterwards; a reader who is quicker waits for it.
        self.states.append(self.change())
        self.done = self.begun


def headline_of(name: str) -> Callable[[str], object]:
    pattern = re.compile(rf"{name} (\d+)!")

    def seen(page: str) -> object:
        found = pattern.search(page)
        return found[1] if found else None

    return seen


def newsroom() -> list[Thing]:
    editor = User.objects.create_superuser("editor-in-chief")
    section, ports = make_section(name="Harbours"), make_section(name="Ports")
    tag = Tag.objects.create(name="Boats 0!")
    stories = {
        name: make_article(headline=f"{name} 0!", section=section, lead_image=make_image())
        for name in ("Edited", "Moved", "Roamed", "Talked", "Left", "Right")
    }
    for story in stories.values():
        story.tags.add(tag)
    for story in stories.values():
        relate(story)
    lists = ["/", "/latest/", section.get_absolute_url(), "/feed/"]
    number = iter(range(1, 10_000))

    def edit():
        story = stories["Edited"]
        story.headline = f"Edited {next(number)}!"
        story.save()
        return headline_of("Edited")(story.headline)

    def correct():
        text = f"Corrected {next(number)}!"
        stories["Edited"].correct(editor, text)
        return headline_of("Corrected")(text)

    def move():
        story = stories["Moved"]
        if story.is_public():
            story.withdraw(editor, "Gone.")
            return None
        story.publish(editor)
        return "0"

    def roam():
        story = stories["Roamed"]
        story.section = ports if story.section == section else section
        story.save()
        return "0" if story.section == ports else None

    def talk():
        comment = make_comment(article=stories["Talked"])
        decide(comment, "published", by=editor)
        stories["Talked"].refresh_from_db()
        return str(stories["Talked"].comment_count)

    def rename():
        tag.name = f"Boats {next(number)}!"
        tag.save()
        return headline_of("Boats")(tag.name)

    places = {"now": "Left"}

    def arrange():
        for placed in FrontPageStory.objects.running().filter(slot="lead"):
            placed.take_off(editor)
        places["now"] = "Right" if places["now"] == "Left" else "Left"
        FrontPageStory.objects.put(stories[places["now"]], editor, "lead")
        return places["now"]

    def lead(page: str) -> object:
        found = re.search(r'front-lead">.*?(Left|Right|Edited|Moved|Roamed|Talked) \d+!', page, re.DOTALL)
        return found[1] if found else None

    talked = stories["Talked"].get_absolute_url()

    def count(page: str) -> object:
        """Above the talk, or in a list beside the headline."""
        found = re.search(rf'(\d+) comments?</h2>|{talked}#comments">(\d+) comments?</a>', page)
        return (found[1] or found[2]) if found else "0"

    def correction(page: str) -> object:
        return max(re.findall(r"Corrected (\d+)!", page), key=int, default=None)

    FrontPageStory.objects.put(stories["Left"], editor, "lead")
    return [
        Thing([*lists, stories["Edited"].get_absolute_url()], headline_of("Edited"), edit, ["0"]),
        Thing([stories["Edited"].get_absolute_url(), "/corrections/"], correction, correct, [None]),
        Thing([*lists, tag.get_absolute_url(), f"{tag.get_absolute_url()}feed/"], headline_of("Moved"), move, ["0"]),
        Thing([talked, *lists[:3], tag.get_absolute_url()], count, talk, ["0"]),
        Thing([tag.get_absolute_url(), stories["Left"].get_absolute_url()], headline_of("Boats"), rename, ["0"]),
        Thing(["/"], lead, arrange, ["Left"]),
        Thing([ports.get_absolute_url(), f"{ports.get_absolute_url()}feed/"], headline_of("Roamed"), roam, [None]),
    ]  # fmt: skip


class Readers:
    def __init__(self, ports: list[int], things: list[Thing]):
        self._ports, self._things = ports, things
        self._over = threading.Event()
        self.caught: list[str] = []
        self.reads = 0
        self._threads = [threading.Thread(target=self._read, args=[seed]) for seed in range(READERS)]

    def __enter__(self) -> Readers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *args) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _read(self, seed: int) -> None:
        chance = random.Random(seed)
        while not self._over.is_set():
            thing = chance.choice(self._things)
            page, port = chance.choice(thing.pages), chance.choice(self._ports)
            first = thing.done
            try:
                status, text = nodes.get(port, page)
            except OSError as error:
                self.caught.append(f"{page}: {error}")
                continue
            last = thing.begun
            while thing.done < last and not self._over.is_set():
                time.sleep(0.001)
            may_be = thing.states[first : last + 1]
            found = thing.seen(text)
            if status != 200 or found not in may_be:
                self.caught.append(
                    f"{page} on {port}: {found!r} ({status}), after {first} changes and before {last}: {may_be}"
                )
            self.reads += 1


#: As newsrooms run it: SQLite by itself, PostgreSQL with a Redis and without.
SET_UPS = {"database": False} if connection.vendor == "sqlite" else {"database": False, "redis": True}


@pytest.mark.parametrize("with_redis", SET_UPS.values(), ids=SET_UPS)
def test_who_asks_after_a_change_never_sees_what_was_before_it(with_redis, tmp_path, monkeypatch):
    server = Server(tmp_path) if with_redis else None
    # Numbers of this process, which publishes.
    own = make_node(server) if server else InDatabase(source_of())
    monkeypatch.setattr("newsportal.page_cache.counters.counters", lambda: own)
    try:
        things = newsroom()
        cache = {"CACHE_URL": server.url if server else "locmemcache://", "PAGE_CACHE_FOLDER": str(tmp_path / "pages")}
        with (
            nodes.running(2, workers=2, **cache) as ports,
            before(ports, tmp_path) as also,
            Readers(ports + also, things) as readers,
        ):
            publish(things[:3], things[3:], half_way=lambda: restart(server) if server else None)
            quiet = [nodes.get(port, page) for port in ports for page in things[0].pages]
        assert not readers.caught, "\n".join(readers.caught[:10])
        assert readers.reads > CHANGES
        assert {things[0].seen(text) for _, text in quiet} == {things[0].states[-1]}
    finally:
        if server:
            server.kill()


@contextmanager
def before(ports: list[int], folder: Path) -> Iterator[list[int]]:
    """nginx before the nodes, where there is one: it asks each time, and so is as exact as they are."""
    if shutil.which("nginx") is None:
        yield []
        return
    with nginx(folder, ports) as (port, _):
        yield [port]


def restart(server: Server) -> None:
    server.kill()
    threading.Timer(3, server.start).start()


def publish(*desks: list[Thing], half_way: Callable[[], None]) -> None:
    """Each desk changes its things in turn, all desks at once; together CHANGES times."""
    broken: list[BaseException] = []
    each = CHANGES // len(desks)

    def work(things: list[Thing], is_first: bool) -> None:
        try:
            for number in range(each):
                if is_first and number == each // 2:
                    half_way()
                things[number % len(things)].go_on()
                # Pages that are kept between two changes are what is to be caught, not those that are under way in all of them.
                time.sleep(PAUSE)
        except BaseException as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[things, not index]) for index, things in enumerate(desks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert not broken, broken
