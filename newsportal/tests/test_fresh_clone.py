"""The README's two commands are a contract: they are run here as they are written there, on a fresh clone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from newsportal.environment import BASE_DIR

pytestmark = [
    pytest.mark.fresh_clone,
    pytest.mark.skipif(
        not (BASE_DIR / ".git").exists(), reason="this is not a git checkout, so there is nothing to clone"
    ),
]

COMMANDS = re.findall(r"^(python3 -m venv .+)$", (BASE_DIR / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fresh") / "newsportal"
    subprocess.run(["git", "clone", "--quiet", str(BASE_DIR), str(folder)], check=True)
    return folder


def shell(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess:
    """Run as a person would: nothing of this test run's own environment comes along."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"} or "PIP" in name}
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=kept | variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def newspaper(clone) -> tuple[Path, str]:
    """The clone after command one, and what the command printed. Only the serving is left for later."""
    result = shell(f"{COMMANDS[0]} --no-serve", clone)
    assert result.returncode == 0, result.stderr
    return clone, result.stdout


def test_the_readme_has_two_commands():
    assert len(COMMANDS) == 2
    assert COMMANDS[0].endswith("manage.py quickstart")
    assert COMMANDS[1].endswith("pytest")


def test_command_one_builds_a_newspaper_and_prints_each_password_once(newspaper):
    folder, printed = newspaper
    for name in ("reporter", "editor", "moderator", "administrator"):
        assert len(re.findall(rf"^  {name} +\S{{12,}}$", printed, re.MULTILINE)) == 1, name
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600


def test_run_again_it_keeps_all_data_and_says_so(newspaper):
    folder, _ = newspaper
    shell(
        ".venv/bin/python manage.py shell -v0 -c 'from articles.models import Article; Article.objects.first().delete()'",
        folder,
    )
    secret = (folder / ".env").read_text()
    result = shell(".venv/bin/python manage.py quickstart --no-serve", folder)
    assert re.search(r"Your data was kept as it is: \d+ stories\.", result.stdout), result.stderr
    assert "Passwords" not in result.stdout
    assert (folder / ".env").read_text() == secret


def test_it_serves_the_newspaper_with_the_production_server(newspaper):
    folder, _ = newspaper
    port = free_port()
    server = subprocess.Popen(
        [".venv/bin/python", "manage.py", "quickstart", "--port", str(port)], cwd=folder,
        env={"PATH": os.environ["PATH"]}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        page = _get(f"http://127.0.0.1:{port}/", patience=60)
        assert "The Kittiwake" in page
        story = re.search(r'href="(/\d{4}/\d\d/\d\d/[^/"]+/)"', page)[1]
        text = _get(f"http://127.0.0.1:{port}{story}")
        assert f'href="http://127.0.0.1:{port}{story}"' in text, "the canonical address is the one that was asked for"
        for address in {*re.findall(r'(?:src|href)="(/static/[^"]+|/media/[^" ]+)"', text)}:
            assert _status(f"http://127.0.0.1:{port}{address}") == 200, address
        result = shell(f".venv/bin/python manage.py quickstart --port {port}", folder)
        assert f"Port {port} is taken: choose another with --port." in result.stderr
        assert "Traceback" not in result.stderr
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=20)


def test_an_empty_newspaper_is_empty(newspaper, tmp_path):
    folder, _ = newspaper
    # As on another fresh clone, which would only publish the same static files again.
    own = {"NEWSPORTAL_ENV_FILE": f"{tmp_path}/.env", "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    result = shell(".venv/bin/python manage.py quickstart --empty --no-serve", folder, **own)
    assert result.returncode == 0, result.stderr
    assert "Newsportal: http://127.0.0.1:8000/" in result.stdout
    count = shell(
        ".venv/bin/python manage.py shell -v0 -c 'from articles.models import Article; print(Article.objects.count())'",
        folder,
        **own,
    )
    assert count.stdout.strip() == "0"


def test_a_port_that_is_none_and_a_missing_secret_are_one_sentence_each(newspaper):
    folder, _ = newspaper
    result = shell(".venv/bin/python manage.py quickstart --port 99999 --no-serve", folder)
    assert result.stderr.strip() == "CommandError: --port 99999 is not a port: choose one from 1 to 65535."
    result = shell(".venv/bin/python manage.py check", folder, NEWSPORTAL_ENV_FILE="/dev/null")
    assert result.stderr.strip() == "SECRET_KEY is not set. Set it in the environment or in null."


def test_a_too_old_python_is_said_in_one_sentence(clone):
    code = "import sys; sys.version_info = (3, 8, 0); sys.argv = ['manage.py', 'quickstart']; exec(open('manage.py').read())"
    result = shell(f'python3 -c "{code}"', clone)
    assert result.stderr.strip() == "newsportal needs Python 3.11 or newer; this is Python 3.8."


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("unshare"), reason="root may write into every folder")
def test_a_read_only_folder_is_said_in_one_sentence(newspaper, tmp_path):
    folder, _ = newspaper
    locked = tmp_path / "locked"
    shutil.copytree(folder, locked, ignore=shutil.ignore_patterns(".venv", ".env", "db.sqlite3*", "media", ".git"))
    command = f"{folder}/.venv/bin/python manage.py quickstart --no-serve"
    if os.geteuid() == 0:
        # Permissions do not hold root back; a file system that is mounted for reading does.
        command = f"unshare -m sh -c 'mount --bind . . && mount -o remount,bind,ro . && cd {locked} && {command}'"
    locked.chmod(0o555)
    try:
        result = shell(command, locked)
    finally:
        locked.chmod(0o755)
    assert re.fullmatch(
        rf"Cannot write {locked}/\.env: .+\. Run quickstart in a folder that you may write to\.", result.stderr.strip()
    )


def test_command_two_is_what_ci_runs_on_its_fresh_clone():
    """To run it here would be to install everything, and to run all tests, within a test."""
    assert COMMANDS[1].replace("pip install", "pip install -q") in (BASE_DIR / ".ci" / "run").read_text(
        encoding="utf-8"
    )


def _get(url: str, patience: float = 0) -> str:
    end = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.read().decode()
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def _status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.status
