"""What does a page cost PostgreSQL, beside what it costs the site? By that a replica is worth it, or not.

    python -m benchmarks.database postgres://…/filled [--seconds 3]

Asks one serving process for pages that are all made anew, and takes the processor time of all PostgreSQL's processes on this
machine: let nobody else ask it meanwhile. It does not vacuum by itself during a run of seconds, or seldom.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Case, measure, warm
from benchmarks.servers import ROOT, Server, cpu_seconds_of, environment, granian

ROUNDS = 3


@dataclass(frozen=True)
class Share:
    """Milliseconds of processor for a request: of PostgreSQL and of the site."""

    page: str
    database: float
    site: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.database", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("database", metavar="URL", help="a newspaper on this machine's PostgreSQL")
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        print(report(shares(options.database, Path(folder), options.seconds)))
    return 0


def shares(database: str, folder: Path, seconds: float) -> list[Share]:
    env = environment(database, folder / "media", PAGE_CACHE="false")
    command = [sys.executable, "-m", "benchmarks.pages"]
    asked = subprocess.run(command, env=env, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    with granian("newsportal.wsgi:application", env) as server:
        cases = {page: Case(page, told["paths"]) for page, told in json.loads(asked.stdout).items()}
        for case in cases.values():
            if bad := [status for status in warm(server, case) if status != 200]:
                raise SystemExit(f"{case.name} answers {bad[0]}.")
        return [_share(page, server, case, seconds) for page, case in cases.items()]


def _share(page: str, server: Server, case: Case, seconds: float) -> Share:
    """Of rounds the cheapest: what else a machine does makes a request dearer, and never cheaper."""
    found = []
    for _ in range(ROUNDS):
        before = postgresql_seconds()
        measured = measure(server, case, connections=1, seconds=seconds)
        found.append(((postgresql_seconds() - before) * 1000 / measured.requests, measured.cpu))
    return Share(page, min(database for database, _ in found), min(site for _, site in found))


def postgresql_seconds() -> float:
    """Of processor, that its processes here have used. Of those that have ended their parent knows."""
    return sum(cpu_seconds_of(pid, with_ended=True) for pid in _named("postgres"))


def _named(name: str) -> list[int]:
    return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/comm") if _says(path, name)]


def _says(path: Path, name: str) -> bool:
    try:
        return path.read_text().strip() == name
    except OSError:  # it has just ended
        return False


def report(found: list[Share]) -> str:
    lines = [
        f"{'made anew, ms of processor':<28}{'PostgreSQL':>12}{'the site':>10}{'a second of a core of PostgreSQL':>34}"
    ]
    lines += [f"{each.page:<28}{each.database:>12.2f}{each.site:>10.2f}{1000 / each.database:>34.0f}" for each in found]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
