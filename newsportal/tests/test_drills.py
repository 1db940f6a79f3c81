"""What deploy/drills breaks and mends holds: each is run as a person runs it, on servers of its own.

Those that ask for a database are held on the kind that the tests are run on, and on PostgreSQL by CI's second run. They have
nothing else of the tests' database.
"""

import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from deploy import loopback
from newsportal.environment import BASE_DIR
from newsportal.tests.once import folder_made_once
from newsportal.tests.programs import needs_redis

DRILLS = BASE_DIR / "deploy" / "drills"

# What this process has set for its tests is not what the drill's servers are to have.
OWN = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV") if name in os.environ}

IS_SQLITE = connection.vendor == "sqlite"
ON_THIS_DATABASE = ["--sqlite"] if IS_SQLITE else []

has_its_programs = pytest.mark.skipif(
    not IS_SQLITE and not Path(loopback._program("initdb")).is_file(), reason="no programs of PostgreSQL here"
)
needs_postgresql = pytest.mark.skipif(IS_SQLITE, reason="SQLite does not go away")
needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx here")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> str:
    """What takes most of a drill's time."""
    return str(folder_made_once(tmp_path_factory, "prepared", _prepare))


def _prepare(folder: Path) -> None:
    # Not in the folder itself: it is of the tests, and PostgreSQL may not enter it.
    code = """
import subprocess, sys
from installation import database, folder_for, prepare
with folder_for("prepared") as here:
    with database(here, sys.argv[2] == "sqlite") as url:
        prepare(here, url)
    subprocess.run(["cp", "-a", f"{here}/.", sys.argv[1]], check=True)
"""
    command = [sys.executable, "-c", code, str(folder), connection.vendor]
    subprocess.run(command, cwd=DRILLS, env=OWN, check=True)


@pytest.fixture
def hold(prepared):
    return partial(_hold, prepared)


def _hold(prepared: str, name: str, *options: str) -> None:
    command = [sys.executable, f"deploy/drills/{name}.py", *options]
    own = OWN | {"DRILL_PREPARED": prepared}
    drill = subprocess.run(command, cwd=BASE_DIR, env=own, capture_output=True, text=True, check=False)
    assert drill.returncode == 0, drill.stdout + drill.stderr
    assert "all of it held" in drill.stdout and "DID NOT HOLD" not in drill.stdout


@pytest.mark.django_db
@has_its_programs
def test_a_process_is_killed_in_the_middle_of_what_it_writes(hold):
    hold("killed", *ON_THIS_DATABASE)


@pytest.mark.django_db
@needs_postgresql
@has_its_programs
@needs_nginx
def test_the_database_goes_away_and_comes_back(hold):
    hold("database_away")


@pytest.mark.django_db
@needs_postgresql
@has_its_programs
@pytest.mark.skipif(os.geteuid() != 0, reason="who mounts a small disk is root")
def test_the_disk_of_the_database_is_full(hold, tmp_path):
    mount = ["mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    subprocess.run(["umount", str(tmp_path)], check=True)
    hold("database_full")


@needs_redis
def test_redis_goes_away_and_comes_back_empty(hold):
    pytest.importorskip("redis")
    hold("redis_away", "--sqlite")


def test_the_storage_of_pictures_goes_away_and_comes_back(hold):
    pytest.importorskip("storages")
    hold("media_away", "--sqlite")


@pytest.mark.django_db
@has_its_programs
def test_a_large_table_is_migrated_while_the_version_before_goes_on(hold):
    hold("migration", *ON_THIS_DATABASE, "--comments", "1000", "--pause", "1")


@pytest.mark.skipif(not Path(loopback._program("initdb")).is_file(), reason="no programs of PostgreSQL here")
@needs_redis
@needs_nginx
def test_a_newspaper_on_several_machines_is_there_until_it_is_told_to_end():
    pytest.importorskip("moto")
    command = [sys.executable, "deploy/loopback.py", "--nodes", "1"]
    with loopback.process(command, cwd=BASE_DIR, env=OWN, stdout=subprocess.PIPE, text=True) as running:
        said = []
        while not (said and (address := re.match(r"http://127\.0\.0\.1:(\d+)/ before 1 nodes: (\d+)", said[-1]))):
            said.append(running.stdout.readline())
            assert said[-1], said
        ports = [int(port) for port in address.groups()]
        assert [loopback.status(port, "/") for port in ports] == [200, 200]
        running.terminate()
        assert running.wait(60) == 0
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            loopback.is_open(port)


def test_a_drill_in_which_something_does_not_hold_says_so_by_its_code():
    code = "from installation import Drill; d = Drill('x'); d.holds('one', False, 'two'); d.end()"
    drill = subprocess.run([sys.executable, "-c", code], cwd=DRILLS, capture_output=True, text=True, check=False)
    assert drill.returncode == 1 and "DID NOT HOLD: one: two" in drill.stdout
