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
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.load import Case, Measured, fetch, has_wrk, measure, warm
from benchmarks.servers import MODES, ROOT, Server, environment, granian, has_nginx, has_redis, proxied, static_files
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
    parser.add_argument("--seconds", type=float, default=3, help="how long each page is asked for (3)")
    parser.add_argument("--pages", help="only these, separated by semicolons, such as “front;search”")
    parser.add_argument("--modes", default=";".join(MODES), help=f"of {'; '.join(MODES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the numbers are written")
    return parser


class Run:
    def __init__(self, options: argparse.Namespace, folder: Path):
        self.options, self.folder = options, folder
        self.media = options.media or folder / "media"
        self.hellos: list[float] = []

    def results(self) -> dict[str, Any]:
        """JSON: `limits` in milliseconds of processor a request; `databases` → `modes` → page → connections → what was measured,
        and `files` → page → milliseconds for the page as a file that is finished.
        """
        databases: dict[str, Any] = {}
        limits: dict[str, float] = {}
        made = not self.options.small
        urls = {"small": self.options.small or self._made(), "large": self.options.large}
        self._publish_static_files(urls["small"])
        self._hello()
        limits["ready"] = self._bare("an answer that is ready", "benchmarks.ready:application")
        for name, url in urls.items():
            if url:
                databases[name] = self._database(name, url, write=self.options.write or (made and name == "small"))
                self._hello()
        return {"limits": {"hello": statistics.median(self.hellos)} | limits, "databases": databases}

    def _database(self, name: str, url: str, *, write: bool) -> dict[str, Any]:
        env = environment(url, self.media, PAGE_CACHE="false")
        command = [sys.executable, "-m", "benchmarks.pages", *(["--write"] if write else [])]
        told = json.loads(subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
        wanted = self.options.pages.split(";") if self.options.pages else list(told)
        cases = {
            page: Case(page, case["paths"], case.get("method", "GET"), case.get("headers"), case.get("body", ""))
            for page, case in told.items()
            if page in wanted
        }
        found: dict[str, Any] = {"modes": {}, "memory": None, "again": None, "story_bytes": None, "files": {}}
        found["queries"] = {page: told[page]["queries"] for page in cases}
        found["of"] = {
            page: {k: told[page][k] for k in ("comments", "stories", "page") if k in told[page]} for page in cases
        }
        for mode in self._modes():
            with self._serving(url, mode) as server:
                found["modes"][mode] = {}
                for page, case in cases.items():
                    if mode != RENDERED:
                        # As every browser asks; a page that is made anew each time would be compressed anew, too.
                        case = replace(case, headers={"Accept-Encoding": "gzip"} | (case.headers or {}))
                    say(f"{name} database, {mode}: {page}")
                    bad = [status for status in warm(server, case) if status != 200]
                    if bad:
                        raise SystemExit(f"{page} answers {bad[0]}.")
                    found["modes"][mode][page] = {
                        str(n): measure(server, case, connections=n, seconds=self.options.seconds).as_json()
                        for n in CONNECTIONS
                    }
                if mode == RENDERED:
                    story = told[STORY]["paths"][0]
                    found["story_bytes"] = len(fetch(server.port, story, **{"Accept-Encoding": "gzip"})[2])
                # Asked again by who has it: from the cache where there is one.
                if mode in (RENDERED, CACHED):
                    found["again"] = self._again(server, told[STORY]["paths"][0])
                if mode == NGINX:
                    found["files"] = {page: self._as_file(server, page, cases[page]) for page in public(cases)}
                found["memory"] = max(found["memory"] or 0, server.largest_memory())
        return found

    @contextlib.contextmanager
    def _serving(self, url: str, mode: str) -> Iterator[Server]:
        """The site in this mode, and what stands before and beside it then."""
        said = dict(MODES[mode])
        with contextlib.ExitStack() as stack:
            if "CACHE_URL" in said:
                said["CACHE_URL"] = stack.enter_context(loopback.redis(self.folder))
            env = environment(url, self.media, **said)
            server = stack.enter_context(granian("newsportal.wsgi:application", env))
            if mode == NGINX:
                server = stack.enter_context(proxied(self.folder / "proxy", server))
            yield server

    def _modes(self) -> Iterator[str]:
        for mode in self.options.modes.split(";"):
            if mode not in MODES:
                raise SystemExit(f"There is no mode “{mode}”.")
            needed = {REDIS: has_redis(), NGINX: has_nginx()}
            if needed.get(mode, True):
                yield mode

    def _again(self, server, path: str) -> float | None:
        etag = fetch(server.port, path)[1].get("ETag")
        if not etag or fetch(server.port, path, **{"If-None-Match": etag})[0] != 304:
            return None
        again = Case("again", [path], headers={"If-None-Match": etag})
        return measure(server, again, connections=COMPARED, seconds=self.options.seconds).cpu

    def _hello(self) -> None:
        self.hellos.append(self._bare("a bare Django view", "benchmarks.hello:application"))

    def _bare(self, name: str, application: str) -> float:
        """Milliseconds of processor a request, on the server that the site has."""
        say(name)
        with granian(application) as server:
            case = Case(name, ["/"])
            list(warm(server, case))
            return measure(server, case, connections=COMPARED, seconds=self.options.seconds).cpu

    def _as_file(self, server: Server, name: str, case: Case) -> float:
        """Milliseconds of processor a request for what this page says now, sent by nginx from files that are finished."""
        say(f"{name} as a file that nginx sends")
        pages = [fetch(server.port, path)[2] for path in case.paths]
        with tempfile.TemporaryDirectory(dir=self.folder) as folder, static_files(Path(folder), pages) as files:
            paths = [f"/{number}.html" for number in range(len(pages))]
            finished = Case(name, paths, headers={"Accept-Encoding": "gzip"})
            list(warm(files, finished))
            return measure(files, finished, connections=COMPARED, seconds=self.options.seconds).cpu

    def _made(self) -> str:
        url = f"sqlite:///{self.folder}/small.sqlite3"
        say(f"making {self.options.articles} stories")
        self._manage(url, "migrate", "--verbosity", "0")
        if "fill" not in self._manage(url, "help", "--commands").split():
            raise SystemExit("There is no `manage.py fill` yet: give a database with --small.")
        self._manage(url, "fill", "--articles", str(self.options.articles), "--seed", "1")
        return url

    def _publish_static_files(self, url: str) -> None:
        if not (ROOT / "staticfiles" / "staticfiles.json").exists():
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
