"""Does a load hold? Readers, commenters and a desk at once, at a part of what the machine can do, for as long as you like.

    python -m benchmarks.held [--minutes 30] [--of-limit 0.7] [--articles 5000] [--json FILE]

Makes a newspaper, serves it as newsportal.service and newsportal-pages.service of deploy/systemd do, measures how much of the
mixture it answers when everybody asks as fast as they can, and then asks for a part of that. At the end each write that was
answered with success is looked for in the database.

Ends with 1 when a request failed, when a write is not there exactly once, or when the largest process has grown by more than
MOST_GROWTH. Latencies are held against an aim and told, no more: they say as much of the machine. FILE has what
`python -m benchmarks.model` checks itself with.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import lxml.html

from benchmarks.servers import HOST, ROOT, Server, environment, has_static_files, service
from benchmarks.weights import Group, group

#: Of a hundred pages and forms of readers; and of three stories two stay on the screen for long enough to say so. The desk comes
#: beside them.
MIXTURE = {"story": 75, "list": 20, "search": 3, "comment": 2, "beacon": 50}
#: Who asks has processes of its own, each with so many connections: one that parses an editor's form would let readers wait.
ASKING, CLIENTS, EDITORS = 2, 6, 2
#: So many tell what one costs.
SAVES = 5
TOKEN = "t" * 32
#: CPUWeight of who asks: real readers take nothing of the servers' processors, and notice at once that they have been answered.
AHEAD = 10_000
#: Seconds between two looks at the memory, from one publication to the next, and from one save of an editor to the next.
LOOK, PUBLISH, SAVE = 10, 60, 10
#: A short run looks so often all the same: growth is the difference of two sixths of it.
LOOKS = 24
#: Bytes by which the largest process may grow after the first sixth. In an hour it was 3 MB; in a short run what it keeps for
#: itself still fills up: 12 MB of pages, and what they are made of. A hundred bytes of each request are more in half an hour.
MOST_GROWTH = 25_000_000
#: p99 is to be no more than so many times p50.
TAIL = 4
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
#: The n-th story is asked for as often as 1 / (n + FLAT) says, and the n-th list: the front page first, tags last.
FLAT = 10

PREPARE = """
import json
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from articles.models import Article, Reads, Section, TaggedArticle
from articles.tests.factories import make_article
desk = User.objects.create_superuser("desk")
client = Client(); client.force_login(desk)
public = Article.objects.public().newest_first()
saved = [make_article(headline=f"Saved {n} 0").pk for n in range(%(editors)d)]
drafts = [make_article(headline=f"Draft {n}", status="draft").pk for n in range(%(drafts)d)]
print("TOLD " + json.dumps({
    "cookie": "; ".join([f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}",
                         f"{settings.CSRF_COOKIE_NAME}=" + "t" * 32]),
    "stories": [(story.get_absolute_url(), story.pk) for story in public[:%(articles)d]],
    "reads": sum(Reads.objects.values_list("count", flat=True)),
    "open": list(public.values_list("pk", flat=True)[:500]),
    "lists": ["/", "/latest/", "/feed/", *(section.get_absolute_url() for section in Section.objects.all()),
              *dict.fromkeys(f"/tags/{slug}/" for slug in TaggedArticle.objects.values_list("tag__slug", flat=True)[:300])],
    "words": sorted({word for story in public[:300] for word in story.headline.split() if word.isalpha()}),
    "saved": saved, "drafts": drafts,
}))
"""
LOOK_AFTER = """
import json
from articles.models import Article, Reads
from comments.models import Comment
marks = [body for body in Comment.objects.filter(body__startswith="Held ").values_list("body", flat=True)]
print("TOLD " + json.dumps({
    "comments": marks, "reads": sum(Reads.objects.values_list("count", flat=True)),
    "headlines": dict(Article.objects.filter(headline__startswith="Saved ").values_list("pk", "headline")),
    "public": list(Article.objects.public().filter(headline__startswith="Draft ").values_list("pk", flat=True)),
}))
"""


class Failed(Exception):
    """An answer that is none."""


@dataclass
class Told:
    """What was asked and what came of it. Latencies in seconds, by kind."""

    latencies: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    headlines: dict[int, str] = field(default_factory=dict)
    published: list[int] = field(default_factory=list)
    reads: int = 0
    memory: list[int] = field(default_factory=list)

    def add(self, other: Told) -> None:
        for kind, latencies in other.latencies.items():
            self.latencies.setdefault(kind, []).extend(latencies)
        self.errors += other.errors
        self.comments += other.comments
        self.reads += other.reads

    @property
    def count(self) -> int:
        return sum(map(len, self.latencies.values()))

    def kinds(self) -> dict[str, int]:
        return {kind: len(latencies) for kind, latencies in self.latencies.items()}


class Ports(NamedTuple):
    desk: int
    pages: int


class Browser:
    """One connection to each service, which is kept."""

    def __init__(self, ports: Ports):
        self._ports = ports
        self._connections: dict[int, HTTPConnection] = {}

    def ask(
        self,
        method: str,
        path: str,
        *,
        accept: tuple[int, ...] = (200,),
        data: dict | list | None = None,
        is_page: bool = False,
        **headers: str,
    ) -> bytes:
        """The answer's body. Raises Failed for any other status, and when there is no answer."""
        port = self._ports.pages if is_page else self._ports.desk
        body = urlencode(data).encode() if data is not None else None
        headers = {"Host": HOST, "Accept-Encoding": "gzip", **headers}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        try:
            connection = self._connections.setdefault(port, HTTPConnection(HOST, port, timeout=30))
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, HTTPException) as error:
            self._connections.pop(port, None)
            raise Failed(f"{method} {path}: {error!r}") from error
        if answer.status not in accept:
            raise Failed(f"{method} {path}: {answer.status}")
        return content


class Load:
    """What one process asks. `name` tells its writes from those of others."""

    def __init__(self, ports: Ports, newspaper: dict, told: Told, name: str = ""):
        self.ports, self.newspaper, self.told, self.name = ports, newspaper, told, name
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._serial = 0
        #: How often other processes have been let loose.
        self.rounds = 0
        self._waiting: queue.Queue[str] = queue.Queue()
        self._saving = {pk: threading.Lock() for pk in newspaper["saved"]}
        self._popular = popular(newspaper["stories"])
        self._popular_list = popular(newspaper["lists"])

    def run(self, seconds: float, rate: float | None) -> float:
        """Ask for so long: `rate` times a second at random moments, or as fast as all clients can. Returns requests a second."""
        before, began = self.told.count, time.monotonic()
        self.over.clear()
        threads = [
            threading.Thread(target=self._client, args=[f"{self.name} {number}", rate is None], daemon=True)
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        chance, due = random.Random(self.name), began
        while time.monotonic() < began + seconds:
            if rate is None:
                time.sleep(0.2)
                continue
            due += chance.expovariate(rate)
            time.sleep(max(0, due - time.monotonic()))
            self._waiting.put(self._kind(chance))
        self.over.set()
        for thread in threads:
            thread.join(60)
        return (self.told.count - before) / (time.monotonic() - began)

    def _client(self, seed: str, is_eager: bool) -> None:
        chance, browser = random.Random(seed), Browser(self.ports)
        while not self.over.is_set():
            if is_eager:
                kind = self._kind(chance)
            else:
                try:
                    kind = self._waiting.get(timeout=0.2)
                except queue.Empty:
                    continue
            self.once(kind, chance, browser)

    def once(self, kind: str, chance: random.Random, browser: Browser) -> None:
        act: Callable[[random.Random, Browser], float] = getattr(self, f"_{kind}")
        try:
            took = act(chance, browser)
        except Failed as failure:
            with self._lock:
                self.told.errors.append(f"{time.strftime('%H:%M:%S')} {failure}")
            return
        with self._lock:
            self.told.latencies.setdefault(kind, []).append(took)

    def publish(self) -> None:
        """A draft, by the desk's own action."""
        pk = self.newspaper["drafts"][len(self.told.published)]
        data = {"action": "publish_selected", "_selected_action": pk, "_sure": "yes", "csrfmiddlewaretoken": TOKEN}
        try:
            Browser(self.ports).ask(
                "POST", "/admin/articles/article/", accept=(302,), data=data, Cookie=self.newspaper["cookie"]
            )
        except Failed as failure:
            self.told.errors.append(str(failure))
        else:
            self.told.published.append(pk)

    def _kind(self, chance: random.Random) -> str:
        return chance.choices(list(MIXTURE), list(MIXTURE.values()))[0]

    def _next(self) -> int:
        with self._lock:
            self._serial += 1
            return self._serial

    # --- Each returns how long the reader waited, in seconds ----------------------------------------------------------

    def _read(self, browser: Browser, path: str, *, is_page: bool = True) -> float:
        began = time.perf_counter()
        browser.ask("GET", path, is_page=is_page)
        return time.perf_counter() - began

    def _story(self, chance: random.Random, browser: Browser) -> float:
        path, _ = self._popular(chance)
        return self._read(browser, path)

    def _list(self, chance: random.Random, browser: Browser) -> float:
        return self._read(browser, self._popular_list(chance))

    def _search(self, chance: random.Random, browser: Browser) -> float:
        words = urlencode({"q": chance.choice(self.newspaper["words"])})
        return self._read(browser, f"/search/?{words}", is_page=False)

    def _beacon(self, chance: random.Random, browser: Browser) -> float:
        """Of a reader whom nobody has seen before, so that each of them has to be counted."""
        _, pk = self._popular(chance)
        network = ":".join(f"{chance.getrandbits(16):x}" for _ in range(3))
        headers = {"Sec-Fetch-Site": "same-origin", "User-Agent": BROWSER, "X-Forwarded-For": f"fd00:{network}::1"}
        began = time.perf_counter()
        browser.ask("POST", f"/read/{pk}/", accept=(204,), **headers)
        took = time.perf_counter() - began
        with self._lock:
            self.told.reads += 1
        return took

    def _comment(self, chance: random.Random, browser: Browser) -> float:
        said = f"Held {self.name}-{self._next()}: what I say is said once."
        data = {
            "name": f"Reader {chance.randrange(1000)}",
            "email": f"reader{chance.randrange(10**6)}@example.org",
            "body": said,
            "stamp": "",
        }
        network = f"198.{chance.randrange(18, 20)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"
        began = time.perf_counter()
        path = f"/comments/post/{chance.choice(self.newspaper['open'])}/"
        browser.ask("POST", path, accept=(302, 303), data=data, **{"X-Forwarded-For": network})
        took = time.perf_counter() - began
        with self._lock:
            self.told.comments.append(said)
        return took

    def _save(self, chance: random.Random, browser: Browser) -> float:
        """Open a story at the desk, change its headline and save it; the wait is that for the save."""
        pk = chance.choice(self.newspaper["saved"])
        with self._saving[pk]:
            path, cookie = f"/admin/articles/article/{pk}/change/", self.newspaper["cookie"]
            page = browser.ask("GET", path, Cookie=cookie, **{"Accept-Encoding": "identity"})
            form = lxml.html.fromstring(page).get_element_by_id("article_form")
            headline = f"Saved {pk} {self._next()}"
            data = [
                (name, value) for name, value in form.form_values() if name not in {"headline", "csrfmiddlewaretoken"}
            ]
            data += [("headline", headline), ("csrfmiddlewaretoken", TOKEN), ("_continue", "yes")]
            began = time.perf_counter()
            browser.ask("POST", path, accept=(302,), data=data, Cookie=cookie)
            took = time.perf_counter() - began
            self.told.headlines[pk] = headline
            return took


def popular(all_of_them: Sequence[Any]) -> Callable[[random.Random], Any]:
    """What chooses one of these, the first most often."""
    weights = [1 / (place + FLAT) for place in range(1, len(all_of_them) + 1)]
    return lambda chance: chance.choices(all_of_them, weights)[0]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.held", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument(
        "--of-limit", type=float, default=0.7, help="the part of the machine's limit that is asked for (0.7)"
    )
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--database", metavar="URL", help="one that is empty, and will be no more; else one is made")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    # `kill` ends it as Ctrl-C does: whom it has started is stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="held-") as name:
        found = hold(Path(name), options.articles, options.minutes * 60, options.of_limit, options.database)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    print(report(found))
    return 0 if is_held(found) else 1


def is_held(found: dict) -> bool:
    return not found["errors"] and not found["lost"] and found["memory"]["grown"] <= MOST_GROWTH


def hold(folder: Path, articles: int, seconds: float, part: float, database: str | None = None) -> dict:
    url = database or f"sqlite:///{folder}/held.sqlite3"
    env = environment(url, folder / "media", PAGE_CACHE_FOLDER=str(folder / "pages"))
    # Work in the background is done as it is by default.
    del env["BACKGROUND_WORKER"]
    for command in (
        *([] if database else [["migrate", "-v0"]]),
        *([] if has_static_files() else [["collectstatic", "--no-input", "-v0"]]),
        ["fill", "--articles", str(articles), "--seed", "1"],
        # As it is of stories that a desk has published; of `fill` only the newest have it.
        ["relate", "--missing"],
    ):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL
        )
    drafts = int(seconds / PUBLISH) + 4
    newspaper = ask_database(env, PREPARE % {"articles": articles, "editors": EDITORS, "drafts": drafts})
    told = Told()
    with contextlib.ExitStack() as stack:
        # As nginx would ask them; it is not there, since it would keep pages for a second, and sets who asks.
        desk = stack.enter_context(service("newsportal", env))
        pages = stack.enter_context(service("newsportal-pages", env | {"PAGE_CACHE_FOLDER": str(folder / "made")}))
        servers = [desk, pages]
        load = Load(Ports(desk.port, pages.port), newspaper, told)
        chance, browser = random.Random(0), Browser(load.ports)
        for kind in (*MIXTURE, "save"):
            load.once(kind, chance, browser)
        before = used(servers)
        for _ in range(SAVES):
            load.once("save", chance, browser)
        save = (used(servers) - before) / SAVES * 1000
        readers = stack.enter_context(group("readers", AHEAD))
        asking = stack.enter_context(ProcessPoolExecutor(ASKING, get_context("spawn")))
        # Before the pool waits for them, which is as long as the load was to be.
        stack.callback(end, asking)
        stop = threading.Event()
        aside = [
            threading.Thread(target=publish, args=[load, stop], daemon=True),
            *(threading.Thread(target=edit, args=[load, stop, editor], daemon=True) for editor in range(EDITORS)),
        ]
        # The desk works meanwhile, too: each save costs pages their place in the cache, and a limit without saves is none of this.
        for thread in aside:
            thread.start()
        say("how much it can do")
        # Once for pages that are there then, and once to be believed.
        told.latencies.clear()
        ask(asking, readers, load, seconds=min(20, seconds), rate=None)
        earlier = told.kinds()
        told.latencies.clear()
        before, began = used(servers), time.monotonic()
        limit, asking_used = ask(asking, readers, load, seconds=min(30, seconds), rate=None)
        at_limit = {
            "seconds": time.monotonic() - began, "servers": used(servers) - before, "asking": asking_used, "save": save,
            "kinds": told.kinds(), "earlier": earlier, "stories": len(newspaper["stories"]), "lists": len(newspaper["lists"]),
            "flat": FLAT,
        }  # fmt: skip
        say(f"{limit:.0f} a second; {part:.0%} of that for {seconds / 60:.0f} minutes")
        told.latencies.clear()
        aside.append(threading.Thread(target=look, args=[servers, told, stop, seconds], daemon=True))
        aside[-1].start()
        rate, _ = ask(asking, readers, load, seconds=seconds, rate=part * limit)
        stop.set()
        for thread in aside:
            thread.join(60)
        errors = told.errors
    return {
        "weighed": readers.folder is not None,
        "limit": limit,
        "at_limit": at_limit,
        "rate": rate,
        "errors": errors,
        "lost": lost(told, ask_database(env, LOOK_AFTER), newspaper["reads"]),
        **figures(told),
    }


def used(servers: list[Server]) -> float:
    """Seconds of processor."""
    return sum(server.cpu_seconds() for server in servers)


def ask(
    asking: ProcessPoolExecutor, readers: Group, load: Load, *, seconds: float, rate: float | None
) -> tuple[float, float]:
    """Let all processes ask for so long, `rate` times a second together, or as fast as they can. Returns requests a second, and the
    seconds of processor that asking has used, which the servers did not have.
    """  # fmt: skip
    load.rounds += 1
    here = time.process_time()
    parts = [
        asking.submit(
            part_of, readers, load.ports, load.newspaper, f"{load.rounds}.{number}", seconds, rate and rate / ASKING
        )
        for number in range(ASKING)
    ]
    rates, processor = [], []
    for part in parts:
        done, spent, told = part.result()
        rates.append(done)
        processor.append(spent)
        load.told.add(told)
    return sum(rates), sum(processor) + time.process_time() - here


def end(asking: ProcessPoolExecutor) -> None:
    """Whoever is still asking stops; those that have nothing to do any more lose nothing."""
    for process in list((asking._processes or {}).values()):
        process.terminate()


def part_of(
    readers: Group, ports: Ports, newspaper: dict, name: str, seconds: float, rate: float | None
) -> tuple[float, float, Told]:
    """In a process of its own. Returns requests a second, seconds of processor, and what came of it."""
    readers.enter()
    # Clients that wait for each other would measure themselves: Python changes from thread to thread every five milliseconds.
    sys.setswitchinterval(0.0005)
    told, before = Told(), time.process_time()
    done = Load(ports, newspaper, told, name).run(seconds, rate)
    return done, time.process_time() - before, told


def look(servers: list[Server], told: Told, stop: threading.Event, seconds: float) -> None:
    while not stop.wait(min(LOOK, seconds / LOOKS)):
        # One that has just ended, such as what decodes a picture, is the largest no more.
        with contextlib.suppress(OSError):
            told.memory.append(max(server.largest_memory() for server in servers))


def publish(load: Load, stop: threading.Event) -> None:
    while not stop.wait(PUBLISH):
        load.publish()


def edit(load: Load, stop: threading.Event, editor: int) -> None:
    chance, browser = random.Random(editor), Browser(load.ports)
    while not stop.wait(SAVE):
        load.once("save", chance, browser)


def ask_database(env: dict[str, str], code: str) -> dict:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        cwd=ROOT,
        env=env,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.rpartition("TOLD ")[2])


def lost(told: Told, kept: dict, reads_before: int) -> list[str]:
    """Writes that were answered with success and are not there, or not once."""
    counts: dict[str, int] = defaultdict(int)
    for body in kept["comments"]:
        counts[body] += 1
    wrong = [f"{body!r} is there {counts[body]} times" for body in told.comments if counts[body] != 1]
    wrong += [f"story {pk} says {kept['headlines'].get(str(pk))!r}, not {headline!r}"
              for pk, headline in told.headlines.items() if kept["headlines"].get(str(pk)) != headline]  # fmt: skip
    if kept["reads"] - reads_before != told.reads:
        wrong.append(f"of {told.reads} reads {kept['reads'] - reads_before} were counted")
    return wrong + [f"story {pk} is not public" for pk in told.published if pk not in kept["public"]]


def figures(told: Told) -> dict:
    every = sorted(took for latencies in told.latencies.values() for took in latencies)
    part = max(1, len(told.memory) // 6)
    begin, end = statistics.median(told.memory[part : 2 * part] or [0]), statistics.median(told.memory[-part:] or [0])
    return {
        "requests": len(every),
        "published": len(told.published),
        "kinds": {kind: percentiles(sorted(found)) for kind, found in told.latencies.items()}
        | {"all": percentiles(every)},
        "memory": {"begin": begin, "end": end, "grown": end - begin},
    }


def tail_of(told: dict[str, float]) -> str:
    return "reached" if told["p99"] <= TAIL * told["p50"] else "missed"


def percentiles(latencies: list[float]) -> dict[str, float]:
    """In milliseconds."""
    if not latencies:
        return {}
    return {f"p{n}": latencies[min(len(latencies) - 1, len(latencies) * n // 100)] * 1000 for n in (50, 95, 99)} | {
        "n": len(latencies)
    }


def report(found: dict) -> str:
    lines = [
        "",
        f"Limit {found['limit']:.0f} requests a second, with what asks on the same processors; {found['requests']} asked for, "
        f"{found['rate']:.0f} a second; {found['published']} stories published.",
    ]
    lines += [
        f"{kind:>10}: {told['n']:>8} p50 {told['p50']:8.2f}  p95 {told['p95']:8.2f}  p99 {told['p99']:8.2f} ms, "
        f"{told['p99'] / told['p50']:5.1f} × p50{'' if kind == 'all' else ': ' + tail_of(told)}"
        for kind, told in found["kinds"].items()
        if told
    ]
    begin, end, grown = (found["memory"][name] / 1e6 for name in ("begin", "end", "grown"))
    lines += [
        *(
            []
            if found["weighed"]
            else ["(The weights of deploy/systemd could not be given: it takes root and control groups.)"]
        ),
        f"(The aim: p99 is at most {TAIL} × p50. Missed, it says as much of the machine, and does not fail.)",
        f"errors: {len(found['errors']) or 'none'}",
        *found["errors"][:5],
        f"lost writes: {len(found['lost']) or 'none'}",
        *found["lost"][:5],
        f"memory of the largest process: {begin:.0f} MB after a sixth of the time, {end:.0f} MB at the end; it may grow by "
        f"{MOST_GROWTH / 1e6:.0f} MB: {'held' if grown <= MOST_GROWTH / 1e6 else 'too much'}",
        "It held." if is_held(found) else "It did not hold.",
    ]
    return "\n".join(lines)


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
