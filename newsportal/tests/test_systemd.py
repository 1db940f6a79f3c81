"""The units of deploy/systemd are well formed and shut in, and what they start ends and comes back as they say."""

import contextlib
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from benchmarks.servers import unit
from deploy import loopback
from newsportal.environment import BASE_DIR

UNITS = BASE_DIR / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
TIMERS = sorted(UNITS.glob("*.timer"))
#: Of systemd's scale, on which 10 is a service that may do everything.
MOST_EXPOSED = 1.5

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here: install the package `systemd`"
)


def starts(service: Path) -> list[list[str]]:
    """The commands of a unit."""
    text = service.read_text(encoding="utf-8").replace("\\\n", " ")
    return [shlex.split(command) for command in re.findall(r"^ExecStart=-?(.+)$", text, re.M)]


# --- The files --------------------------------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path) -> list[str]:
    """The units as they are on a server, where the programs that they name exist."""
    for file in [*SERVICES, *TIMERS]:
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"/srv/newsportal/\.venv/bin/\w+", shutil.which("true"), text)
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    return [str(tmp_path / file.name) for file in [*SERVICES, *TIMERS]]


@needs_systemd
def test_they_are_well_formed(installed):
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *installed], capture_output=True, text=True, check=False
    )
    ours = [line for line in result.stderr.splitlines() if "newsportal" in line]
    assert (result.returncode, ours) == (0, [])


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, ids=lambda unit: unit.stem)
def test_each_is_shut_in(installed, service):
    (path,) = [path for path in installed if path.endswith(f"/{service.name}")]
    asked = ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED * 10:.0f}", path]
    result = subprocess.run(asked, capture_output=True, text=True, check=False)
    if "unrecognized option '--offline" in result.stderr:
        pytest.skip("systemd older than 250")
    assert result.returncode == 0, result.stdout[-200:] + result.stderr


def test_all_are_shut_in_the_same_way():
    boxes = [
        service.read_text(encoding="utf-8").partition("\nUMask=")[2].partition("\n\n")[0].strip()
        for service in SERVICES
    ]
    assert len(boxes) == 6 and "ProtectSystem=strict" in boxes[0]
    # Which means less than it says in systemd 252 (decision 31).
    assert "ReadOnlyPaths=/run" in boxes[0]
    assert len(set(boxes)) == 1


def test_what_leaks_is_ended_and_not_slowed_down_with_all_others():
    for service in SERVICES:
        names = re.findall(r"^(Memory\w+)=", service.read_text(encoding="utf-8"), re.M)
        assert names == ["MemoryMax"]


def test_what_they_run_exists():
    for service in SERVICES:
        for program, *arguments in starts(service):
            assert program.startswith("/srv/newsportal/.venv/bin/")
            if arguments[0] == "manage.py":
                assert arguments[1] in get_commands()
    for timer in TIMERS:
        assert timer.with_suffix(".service") in SERVICES


# --- The server that they start ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def served(log: Path, **variables: str) -> Iterator[tuple[int, subprocess.Popen]]:
    """granian with the options of newsportal.service and another application: its port, and its process."""
    options, own, _ = unit("newsportal")
    port = loopback.free_port()
    options[options.index("--port") + 1] = str(port)
    assert options.pop() == "newsportal.wsgi:application"
    granian = shutil.which("granian", path=str(BASE_DIR / ".venv" / "bin")) or shutil.which("granian")
    command = [granian, *options, "newsportal.tests.halting_application:application"]
    with (
        log.open("wb") as said,
        loopback.process(command, cwd=BASE_DIR, env=os.environ | own | variables, stdout=said, stderr=said) as server,
    ):
        loopback.wait_until(lambda: bool(ask(port)), "granian")
        yield port, server


def ask(port: int, path: str = "/process") -> int:
    """The number of the process that answered."""
    connection = http.client.HTTPConnection(loopback.HOST, port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.status == 200
        return int(response.read())
    finally:
        connection.close()


def test_who_is_being_answered_when_the_server_is_told_to_stop_is_answered(tmp_path):
    sign, log, answers = tmp_path / "halted", tmp_path / "log", []
    with served(log) as (port, server):
        asking = threading.Thread(target=lambda: answers.append(ask(port, f"/halt?{sign}")))
        asking.start()
        loopback.wait_until(sign.exists, "the request")
        server.send_signal(signal.SIGTERM)

        loopback.wait_until(lambda: log.read_text().count("Stopping worker") == 2, "the end of new requests")
        assert server.poll() is None and answers == []
        sign.unlink()
        asking.join(60)
        assert len(answers) == 1
        assert server.wait(60) == 0


@pytest.mark.parametrize("named", ["", "json", "text"])
def test_what_the_server_says_of_itself_is_written_as_all_else_is(tmp_path, named):
    log = tmp_path / "log"
    with served(log, LOG_FORMAT=named) as (_, server):
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    lines = log.read_text(encoding="utf-8").splitlines()
    assert any("Starting granian" in line for line in lines) and any("Started worker-1" in line for line in lines)
    assert all(line.startswith("{") and json.loads(line)["logger"] for line in lines) == (named != "text")


def test_both_services_and_the_image_write_it_so():
    dockerfile = (BASE_DIR / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    in_image = json.loads(re.search(r"^CMD (\[.*?\])", dockerfile, re.M | re.S)[1].replace("\\\n", ""))
    for options in (unit("newsportal")[0], unit("newsportal-pages")[0], in_image):
        assert (BASE_DIR / options[options.index("--log-config") + 1]).is_file()


def test_a_process_that_is_killed_comes_back_and_the_other_one_answers_meanwhile(tmp_path):
    with served(tmp_path / "log") as (port, _):
        seen: set[int] = set()
        loopback.wait_until(lambda: bool(seen.add(ask(port))) or len(seen) == 2, "the second process")
        killed = min(seen)
        os.kill(killed, signal.SIGKILL)

        def has_come_back() -> bool:
            seen.add(ask(port))
            return len(seen) == 3

        loopback.wait_until(has_come_back, "a new process")
