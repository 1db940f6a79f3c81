"""The benchmarks run, and judge what they measure."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection

from articles.tests.factories import make_article
from benchmarks.held import MIXTURE, MOST_GROWTH, Told, figures, is_held, lost, popular, report
from benchmarks.model import Costs, checked
from benchmarks.servers import unit
from benchmarks.targets import verdicts
from benchmarks.weights import group
from newsportal.environment import BASE_DIR


def measured(cpu: float) -> dict:
    return {"1": {"cpu": cpu}, "16": {"cpu": cpu}}


def words(**pages: dict[str, float]) -> dict[str, str]:
    """Target → word, for a run in which "hello" cost 1 ms."""
    databases = {
        name: {
            "modes": {"rendered": {page: measured(cpu) for page, cpu in told.items()}},
            "again": 0.1, "memory": 160e6, "story_bytes": 25_000, "files": {},
        }
        for name, told in pages.items()
    }  # fmt: skip
    results = {"limits": {"hello": 1.0}, "databases": databases}
    return {verdict.target: verdict.word for verdict in verdicts(results)}


COSTS = Costs(made=2, first=5, kept=0.04, kept_on_many=0.1, at_nginx=0.02, beacon=0.4, search=10, comment=15)


def copy_database(file: Path) -> None:
    copy = sqlite3.connect(file)
    connection.ensure_connection()
    connection.connection.backup(copy)
    copy.close()


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "VIRTUAL_ENV"}}
    return subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True, timeout=240)


def test_targets_are_judged_by_ratios():
    told = words(small={"story, 50 comments": 14.9, "front": 15.1, "list, page 1": 2.0, "list, deep page": 2.3})
    assert told["story with 50 comments, rendered: hello × 15, small database"] == "reached"
    assert told["front page, rendered: hello × 15, small database"] == "missed"
    assert told["deep page of a list: page 1 × 1.1, small database"] == "missed"
    assert told["memory of a worker after all of it: 150 MB, small database"] == "missed"
    assert told["story page without its pictures, on the wire: 25 KB, small database"] == "reached"
    assert told["any public page from the cache: hello × 0.2, small database"] == "not measured"
    assert told["every page: large database ÷ small × 1.2"] == "not measured"


def test_through_nginx_each_page_is_held_against_itself_as_a_file():
    def word(**through_nginx: float) -> str:
        pages = {page: measured(cpu) for page, cpu in through_nginx.items()}
        found = {
            "modes": {"through deploy/nginx.conf": pages}, "files": {"front": 0.01, "feed": 0.02}, "again": None, "memory": None,
            "story_bytes": None,
        }  # fmt: skip
        told = {verdict.target: verdict.word for verdict in verdicts({"limits": {}, "databases": {"small": found}})}
        return told["any public page through deploy/nginx.conf: its file × 1.3, small database"]

    assert word(front=0.0129, feed=0.0259) == "reached"
    assert word(front=0.0131, feed=0.02) == "missed"


def test_growth_is_judged_by_the_page_that_grew_most():
    told = words(small={"front": 2.0, "feed": 2.0}, large={"front": 2.1, "feed": 2.6})
    assert told["every page: large database ÷ small × 1.2"] == "missed"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="copies a database file")
@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not here")
@pytest.mark.django_db(transaction=True)  # a copy would wait for an open transaction for ever
def test_a_small_run_prints_a_table_and_writes_json(tmp_path):
    make_article()
    copy_database(tmp_path / "small.sqlite3")
    command = [sys.executable, *["-m", "benchmarks", "--rounds", "1", "--pages", "front", "--modes", "rendered"]]
    command += ["--small", f"sqlite:///{tmp_path}/small.sqlite3", "--json", str(tmp_path / "told.json")]
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert "front page, rendered" in done.stdout
    told = json.loads((tmp_path / "told.json").read_text())
    front = told["databases"]["small"]["modes"]["rendered"]["front"]
    assert front["16"]["requests"] > 0
    assert front["16"]["errors"] == 0
    assert 0 < told["databases"]["small"]["queries"]["front"] <= 12
    assert told["limits"]["hello"] > 0


# --- Does a load hold? ---


def held(**other) -> dict:
    fine = {"weighed": True, "limit": 100, "rate": 70, "errors": [], "lost": []}
    return fine | figures(Told({"story": [0.001] * 100}, memory=[100_000_000] * 60)) | other


def test_a_load_holds_while_nothing_fails_is_lost_or_grows():
    assert is_held(held())
    assert not is_held(held(errors=["GET /: 500"]))
    assert not is_held(held(lost=["'Held 1' is there 0 times"]))
    growing = Told({"story": [0.001]}, memory=[100_000_000 + look * MOST_GROWTH // 20 for look in range(60)])
    found = held(**figures(growing))
    assert not is_held(found)
    assert "too much" in report(found) and "It did not hold." in report(found)


def test_what_fills_up_at_the_beginning_is_no_growth():
    filling = Told({"story": [0.001]}, memory=[100_000_000 + min(look, 10) * MOST_GROWTH for look in range(60)])
    assert is_held(held(**figures(filling)))


def test_slow_answers_are_told_and_do_not_fail():
    found = held(**figures(Told({"story": [0.001] * 90 + [0.005] * 10, "list": [0.001] * 100}, memory=[1] * 60)))
    told = {line.split(":")[0].strip(): line for line in report(found).splitlines()}
    assert told["story"].endswith("5.0 × p50: missed")
    assert told["list"].endswith("1.0 × p50: reached")
    assert is_held(found)


def test_a_load_tells_where_the_servers_had_no_weights():
    assert "control groups" in report(held(weighed=False))
    assert "control groups" not in report(held())


def test_a_service_is_measured_with_the_weight_that_its_unit_has():
    assert (unit("newsportal").weight, unit("newsportal-pages").weight) == (100, 400)
    with group("test", 400) as of_service:
        command = ["cat", "/proc/self/cgroup"]
        groups = subprocess.run(of_service.command(command), capture_output=True, text=True, check=True).stdout
        here = Path("/proc/self/cgroup").read_text()
        if of_service.folder is None:  # who is not root cannot make one
            assert groups == here
        else:
            assert of_service.folder.name in groups and of_service.folder.name not in here
            [told] = [
                file.read_text()
                for file in map(of_service.folder.joinpath, ("cpu.weight", "cpu.shares"))
                if file.exists()
            ]
            assert told.strip() in {"400", "4096"}
    assert of_service.folder is None or not of_service.folder.exists()


def test_the_first_list_is_asked_for_most_often_and_the_last_one_too():
    chooses, chance = popular(["front", *range(300)]), random.Random(1)
    chosen = Counter(chooses(chance) for _ in range(20_000))
    assert chosen.most_common(1)[0][0] == "front"
    assert chosen["front"] < 20_000 / 20 and chosen[299] > 0


def test_a_read_that_was_not_counted_and_one_that_was_counted_twice_are_lost():
    kept = {"comments": [], "headlines": {}, "public": []}
    assert lost(Told(reads=5), kept | {"reads": 12}, reads_before=7) == []
    for counted in (11, 13):
        assert lost(Told(reads=5), kept | {"reads": counted}, reads_before=7)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="copies a database file")
@pytest.mark.django_db(transaction=True)
def test_a_load_of_some_seconds_holds(tmp_path):
    copy_database(tmp_path / "empty.sqlite3")
    command = [sys.executable, *["-m", "benchmarks.held", "--articles", "60", "--minutes", "0.03"]]
    command += ["--database", f"sqlite:///{tmp_path}/empty.sqlite3", "--json", str(tmp_path / "told.json")]
    done = run(command)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost writes: none" in done.stdout
    told = json.loads((tmp_path / "told.json").read_text())
    assert set(told["kinds"]) <= {*MIXTURE, "save", "all"}
    assert told["kinds"]["beacon"]["n"] > 0
    assert told["memory"]["end"] > 0
    # What the model asks for is all there.
    found = checked(COSTS, told["at_limit"])
    assert found.said > 0 and found.measured > 0 and found.asking > 0
