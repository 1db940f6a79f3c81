"""Measure the site beside what is cheapest: a bare Django view, and a file that nginx sends. See README.md."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.load import Case, Measured, fetch, has_wrk, measure, warm
from benchmarks.servers import (
    MODES,
    ROOT,
    Server,
    environment,
    granian,
    has_nginx,
    has_redis,
    has_static_files,
    proxied,
    static_files,
)
from benchmarks.targets import CACHED, COMPARED, NGINX, REDIS, RENDERED, STORY, public, verdicts
from deploy import loopback

CONNECTIONS = (1, 16)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if not has_wrk():
        raise SystemExit("wrk is not here: install the package `wrk`.")
    # `kill` ends it as Ctrl-C does: the servers are stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        results = Run(options, Path(folder)).results()
    print(report(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--small", metavar="URL", help="a database like sqlite:////path/small.sqlite3; else one is made"
    )
    parser.add_argument("--large", metavar="URL", help="a database that holds more, to compare with")
    parser.add_argument("--media", metavar="FOLDER", type=Path, help="the pictures of these databases")
    parser.add_argument("--articles", type=int, default=1_000, help="stories in the database that is made (1000)")
    parser.add_argument(
        "--write", action="store_true", help="also post comments to, and sign in at, databases that were given"
    )
    parser.add_argument("--seconds", type=float, default=1, help="how long each page is asked for in a round (1)")
    parser.add_argument("--rounds", type=int, default=3, help="how often, of which the cheapest counts (3)")
    parser.add_argument("--pages", help="only these, separated by semicolons, such as “front;search”")
    parser.add_argument("--modes", default=";".join(MODES), help=f"of {'; '.join(MODES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the numbers are written")
    return parser


class Database:
    """What is asked of it, and what came of it."""

    def __init__(self, url: str, told: dict[str, Any]):
        self.url, self.told = url, told
        wanted = [page for page, case in told.items() if case["wanted"]]
        self.found: dict[str, Any] = {
            "modes": {}, "memory": None, "again": None, "story_bytes": None, "files": {},
            "queries": {page: told[page]["queries"] for page in wanted},
            "of": {page: {k: told[page][k] for k in ("comments", "stories", "page") if k in told[page]} for page in wanted},
        }  # fmt: skip

    def cases(self) -> dict[str, Case]:
        return {
            page: Case(
                page, **{name: case[name] for name in ("paths", "method", "headers", "body", "later") if name in case}
            )
            for page, case in self.told.items()
            if case["wanted"]
        }


@dataclass(frozen=True)
class Asked:
    """A page that is asked for in each round, and where the cheapest one goes: `into[name]`."""

    page: str
    server: Server
    case: Case
    connections: int
    into: dict[str, Any]
    name: str
    of_processor_alone: bool = False

    def keep(self, measured: Measured) -> None:
        before = self.into.get(self.name)
        if self.of_processor_alone:
            self.into[self.name] = min(before or measured.cpu, measured.cpu)
        elif before is None or measured.cpu < before["cpu"]:
            self.into[self.name] = measured.as_json()


class Run:
    def __init__(self, options: argparse.Namespace, folder: Path):
        self.options, self.folder = options, folder
        self.media = options.media or folder / "media"
        self.hellos: list[float] = []

    def results(self) -> dict[str, Any]:
        """JSON: `limits` in milliseconds of processor a request; `databases` → `modes` → page → connections → what was measured,
        and `files` → page → milliseconds for the page as a file that is finished. Of all of them the cheapest round.
        """
        made = not self.options.small
        urls = {"small": self.options.small or self._made()}
        if self.options.large:
            urls["large"] = self.options.large
        self._publish_static_files(urls["small"])
        databases = {
            name: Database(url, self._told(url, write=self.options.write or (made and name == "small")))
            for name, url in urls.items()
        }
        with granian("benchmarks.hello:application") as hello:
            for mode in self._modes():
                self._measure(mode, databases, hello)
        say("an answer that is ready")
        with granian("benchmarks.ready:application") as server:
            ready = min(self._cpu(server, Case("ready", ["/"])) for _ in range(self.options.rounds))
        return {
            "limits": {"hello": statistics.median(self.hellos), "ready": ready},
            "databases": {name: database.found for name, database in databases.items()},
        }

    def _told(self, url: str, *, write: bool) -> dict[str, Any]:
        """The pages of a database, as benchmarks.pages has them."""
        env = environment(url, self.media, PAGE_CACHE="false")
        command = [sys.executable, "-m", "benchmarks.pages", *(["--write"] if write else [])]
        told = json.loads(subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
        wanted = self.options.pages.split(";") if self.options.pages else list(told)
        return {page: case | {"wanted": page in wanted} for page, case in told.items()}

    def _measure(self, mode: str, databases: dict[str, Database], hello: Server) -> None:
        """All that this mode has, of the databases side by side: how a page grows is seen in the same moments."""
        hellos: list[float] = []
        with contextlib.ExitStack() as stack:
            asked: list[Asked] = []
            servers: list[tuple[Database, Server]] = []
            for name, database in databases.items():
                server = stack.enter_context(self._serving(database.url, mode, self.folder / name))
                servers.append((database, server))
                asked += self._asked(mode, database, server, stack)
            # Each page of one database beside the same of the other.
            order = list(databases["small"].told)
            asked.sort(key=lambda each: order.index(each.page) if each.page in order else len(order))
            for number in range(1, self.options.rounds + 1):
                say(f"{mode}: round {number}")
                hellos.append(self._cpu(hello, Case("hello", ["/"])))
                for each in asked:
                    each.keep(
                        measure(each.server, each.case, connections=each.connections, seconds=self.options.seconds)
                    )
            for database, server in servers:
                database.found["memory"] = max(database.found["memory"] or 0, server.largest_memory())
        self.hellos.append(min(hellos))

    def _asked(self, mode: str, database: Database, server: Server, stack: contextlib.ExitStack) -> Iterator[Asked]:
        """What is asked for in each round; all of it has been asked for once."""
        found, pages = database.found, database.found["modes"].setdefault(mode, {})
        cases = database.cases()
        story = database.told[STORY]["paths"][0]
        if mode != RENDERED:
            # As every browser asks; a page that is made anew each time would be compressed anew, too.
            gzip = {"Accept-Encoding": "gzip"}
            cases = {page: replace(case, headers=gzip | (case.headers or {})) for page, case in cases.items()}
        else:
            found["story_bytes"] = len(fetch(server.port, story, **{"Accept-Encoding": "gzip"})[2])
        for page, case in cases.items():
            if bad := [status for status in warm(server, case) if status != 200]:
                raise SystemExit(f"{page} answers {bad[0]}.")
            for n in CONNECTIONS:
                yield Asked(page, server, case, n, pages.setdefault(page, {}), str(n))
        if mode == NGINX:
            files = stack.enter_context(self._as_files(server, public(cases), cases))
            for page, (nginx, case) in files.items():
                yield Asked(page, nginx, case, COMPARED, found["files"], page, of_processor_alone=True)
        if mode in (RENDERED, CACHED) and (again := self._again(server, story)):
            # By who has it: from the cache where there is one.
            found["again"] = None
            yield Asked("again", server, again, COMPARED, found, "again", of_processor_alone=True)

    def _cpu(self, server: Server, case: Case) -> float:
        """Milliseconds of processor a request, when the server is busy."""
        list(warm(server, case))
        return measure(server, case, connections=COMPARED, seconds=self.options.seconds).cpu

    @contextlib.contextmanager
    def _serving(self, url: str, mode: str, folder: Path) -> Iterator[Server]:
        """The site in this mode, and what stands before and beside it then."""
        said = dict(MODES[mode])
        folder.mkdir(exist_ok=True)
        with contextlib.ExitStack() as stack:
            if "CACHE_URL" in said:
                said["CACHE_URL"] = stack.enter_context(loopback.redis(folder))
            env = environment(url, self.media, **said)
            server = stack.enter_context(granian("newsportal.wsgi:application", env))
            if mode == NGINX:
                server = stack.enter_context(proxied(folder / "proxy", server))
            yield server

    def _modes(self) -> Iterator[str]:
        for mode in self.options.modes.split(";"):
            if mode not in MODES:
                raise SystemExit(f"There is no mode “{mode}”.")
            needed = {REDIS: has_redis(), NGINX: has_nginx()}
            if needed.get(mode, True):
                yield mode

    def _again(self, server: Server, path: str) -> Case | None:
        etag = fetch(server.port, path)[1].get("ETag")
        if not etag or fetch(server.port, path, **{"If-None-Match": etag})[0] != 304:
            return None
        return Case("again", [path], headers={"If-None-Match": etag})

    @contextlib.contextmanager
    def _as_files(
        self, server: Server, pages: list[str], cases: dict[str, Case]
    ) -> Iterator[dict[str, tuple[Server, Case]]]:
        """nginx with what these pages say now, as files that are finished, and how each page is asked for there."""
        bodies: list[bytes] = []
        finished: dict[str, Case] = {}
        for page in pages:
            told = [fetch(server.port, path)[2] for path in cases[page].paths]
            paths = [f"/{len(bodies) + number}.html" for number in range(len(told))]
            finished[page] = Case(page, paths, headers={"Accept-Encoding": "gzip"})
            bodies += told
        with tempfile.TemporaryDirectory(dir=self.folder) as folder, static_files(Path(folder), bodies) as files:
            yield {page: (files, case) for page, case in finished.items()}

    def _made(self) -> str:
        url = f"sqlite:///{self.folder}/small.sqlite3"
        say(f"making {self.options.articles} stories")
        self._manage(url, "migrate", "--verbosity", "0")
        if "fill" not in self._manage(url, "help", "--commands").split():
            raise SystemExit("There is no `manage.py fill` yet: give a database with --small.")
        self._manage(url, "fill", "--articles", str(self.options.articles), "--seed", "1")
        return url

    def _publish_static_files(self, url: str) -> None:
        if not has_static_files():
            self._manage(url, "collectstatic", "--no-input", "--verbosity", "0")

    def _manage(self, url: str, *command: str) -> str:
        env = environment(url, self.media)
        done = subprocess.run(
            [sys.executable, "manage.py", *command], env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        return done.stdout.decode()


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


def report(results: dict[str, Any]) -> str:
    """The numbers as tables, and the targets with what was measured."""
    hello = results["limits"]["hello"]
    ready = results["limits"]["ready"]
    lines = [
        "",
        f"Limits: hello {hello:.3f} ms of processor a request = 1.0; an answer that is ready {ready:.3f} ms = {ready / hello:.3f}",
    ]
    for database, found in results["databases"].items():
        if files := found["files"]:
            told = ", ".join(f"{page} {file:.4f}" for page, file in files.items())
            lines.append(f"As files that nginx sends, {database} database: {told} ms")
    for database, found in results["databases"].items():
        for mode, pages in found["modes"].items():
            lines += ["", f"{database} database, {mode}", HEAD]
            for page, told in pages.items():
                one, many = (Measured(**told[str(n)]) for n in CONNECTIONS)
                queries = found["queries"][page]
                processor = many.cpu, many.cpu / hello
                lines.append(ROW.format(page, "" if queries is None else queries, *processor, one.per_second, one.p50,
                                        one.p95, one.p99, many.per_second, many.p50, many.p95, many.p99,
                                        many.errors + one.errors or ""))  # fmt: skip
    lines += ["", f"{'measured':>10} {'at most':>8}  target"]
    for verdict in verdicts(results):
        measured = "" if verdict.measured is None else f"{verdict.measured:.2f}"
        lines.append(f"{measured:>10} {verdict.limit:>8}  {verdict.target}: {verdict.word}")
    return "\n".join(lines)


COLUMNS = (
    "queries",
    "ms CPU",
    "× hello",
    "1 conn./s",
    "p50",
    "p95",
    "p99",
    "16 conn./s",
    "p50",
    "p95",
    "p99",
    "errors",
)
HEAD = f"{'':24}" + "".join(f"{column:>11}" for column in COLUMNS)
ROW = "{:24}{:>11}{:>11.3f}{:>11.2f}{:>11.0f}{:>11.2f}{:>11.2f}{:>11.2f}{:>11.0f}{:>11.2f}{:>11.2f}{:>11.2f}{:>11}"

if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
