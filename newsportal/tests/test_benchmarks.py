"""The benchmarks run, and judge what they measure."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
from django.db import connection

from articles.tests.factories import make_article
from benchmarks.targets import verdicts
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
    copy = sqlite3.connect(tmp_path / "small.sqlite3")
    connection.ensure_connection()
    connection.connection.backup(copy)
    copy.close()
    command = [sys.executable, *["-m", "benchmarks", "--rounds", "1", "--pages", "front", "--modes", "rendered"]]
    command += ["--small", f"sqlite:///{tmp_path}/small.sqlite3", "--json", str(tmp_path / "told.json")]
    env = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "front page, rendered" in done.stdout
    told = json.loads((tmp_path / "told.json").read_text())
    front = told["databases"]["small"]["modes"]["rendered"]["front"]
    assert front["16"]["requests"] > 0
    assert front["16"]["errors"] == 0
    assert 0 < told["databases"]["small"]["queries"]["front"] <= 12
    assert told["limits"]["hello"] > 0
