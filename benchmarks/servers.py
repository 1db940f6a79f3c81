"""Servers on free loopback ports, what their processes have cost so far, and their end."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, NamedTuple

from benchmarks.weights import USUAL, Group, group
from deploy import loopback
from deploy.loopback import free_port

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
#: As short as it can be, so that what a beacon costs later is still seen; so many come that a batch is no smaller for it.
READS_BATCH_SECONDS = 1

#: How a page is answered, and what of the environment says so. The one place that knows the names.
MODES = {
    "rendered": {"PAGE_CACHE": "false"},
    "cached": {"PAGE_CACHE": "true"},
    "cached, counters in Redis": {"PAGE_CACHE": "true", "CACHE_URL": "redis"},
    "through deploy/nginx.conf": {
        "PAGE_CACHE": "true",
        "NGINX_MICROCACHE": "true",
        "BEHIND_PROXY": "true",
    },
}


def environment(database: str, media: Path, **more: str) -> dict[str, str]:
    """For the site, with a database of its own and nothing of whoever starts this."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "newsportal.settings",
        "SECRET_KEY": "for a benchmark alone, and long enough for every check there is",
        "SITE_URL": f"http://{HOST}",
        "SITE_NAME": "The Benchmark",
        "ALLOWED_HOSTS": HOST,
        "DATABASE_URL": database,
        "MEDIA_ROOT": str(media),
        "NEWSPORTAL_ENV_FILE": os.devnull,
        "CACHE_URL": "locmemcache://",
        "BACKGROUND_WORKER": "process",
        "COUNT_READS": "true",
        "READS_BATCH_SECONDS": str(READS_BATCH_SECONDS),
        "TRUSTED_PROXIES": HOST,
        "LOG_LEVEL": "WARNING",
        "MALLOC_ARENA_MAX": "2",
        **more,
    }


class Server:
    """A running server: its port, and what all of its processes together have used."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, behind: Server | None = None):
        self.process, self.port, self.behind = process, port, behind

    def cpu_seconds(self) -> float:
        """Of user and system, since they began."""
        own = sum(map(cpu_seconds_of, self._processes()))
        return own + (self.behind.cpu_seconds() if self.behind else 0)

    def largest_memory(self) -> int:
        """Bytes that the largest of the processes holds (resident set size)."""
        return max(int(_stat(pid)[21]) * PAGE for pid in self._processes())

    def _processes(self) -> list[int]:
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found


def cpu_seconds_of(pid: int, *, with_ended: bool = False) -> float:
    """Of user and system, since it began (proc(5), fields 14 and 15); with those of its children that have ended (16 and 17)."""
    return sum(map(int, _stat(pid)[11 : 15 if with_ended else 13])) * TICK


def _stat(pid: int) -> list[str]:
    # What stands behind the name, which may hold spaces and brackets itself.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def granian(application: str, env: dict[str, str] | None = None):
    """An application in one process that serves as those of newsportal-pages.service do, on a free port."""
    options, own, _ = unit("newsportal-pages")
    options[-1] = application
    return _granian(options, own | (env or dict(os.environ)) | {"GRANIAN_WORKERS": "1"})


@contextmanager
def service(name: str, env: dict[str, str]) -> Iterator[Server]:
    """What deploy/systemd/<name>.service serves, with as many processes and threads, on a free port and as soon as others."""
    started = unit(name)
    with group(name, started.weight) as of_service, _granian(started.options, started.env | env, of_service) as server:
        yield server


class Unit(NamedTuple):
    #: granian's, and the variables for it.
    options: list[str]
    env: dict[str, str]
    weight: int


def unit(name: str) -> Unit:
    """What deploy/systemd/<name>.service says."""
    text = (ROOT / "deploy" / "systemd" / f"{name}.service").read_text(encoding="utf-8").replace("\\\n", " ")
    found = re.search(r"^ExecStart=\S+/granian (.+)$", text, re.MULTILINE)
    if not found:
        raise ValueError(f"{name}.service does not start granian.")
    weight = re.search(r"^CPUWeight=(\d+)$", text, re.MULTILINE)
    return Unit(
        found[1].split(),
        dict(re.findall(r"^Environment=(GRANIAN_\w+)=(\S+)$", text, re.MULTILINE)),
        int(weight[1]) if weight else USUAL,
    )


def _granian(options: list[str], env: dict[str, str], of_service: Group | None = None):
    port = free_port()
    options[options.index("--port") + 1] = str(port)
    command = [sys.executable, "-m", "granian", *options]
    return running(of_service.command(command) if of_service else command, port, env)


def static_files(folder: Path, pages: list[bytes]):
    """nginx with these pages as finished files, compressed beforehand: what is cheapest of all. They are /0.html, /1.html…"""
    for number, page in enumerate(pages):
        (folder / f"{number}.html").write_bytes(page)
        (folder / f"{number}.html.gz").write_bytes(gzip.compress(page, 9))
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"""
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; gzip_static on; sendfile on; tcp_nopush on; open_file_cache max=1000; keepalive_requests 1000000;
  types {{ text/html html; }}
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen {HOST}:{port}; root {folder}; }}
}}
"""
    )
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    return running([nginx, "-p", str(folder), "-c", str(configuration)], port, dict(os.environ))


def has_static_files() -> bool:
    """Whether `collectstatic` has been run here, with the settings as they are by default."""
    return (ROOT / "staticfiles" / "staticfiles.json").exists()


def has_nginx() -> bool:
    return bool(shutil.which("nginx") or Path("/usr/sbin/nginx").exists())


def has_redis() -> bool:
    return bool(shutil.which("redis-server") or shutil.which("valkey-server"))


@contextmanager
def proxied(folder: Path, upstream: Server) -> Iterator[Server]:
    """nginx by deploy/nginx.conf before a server; what it uses is its own and the server's."""
    folder.mkdir(exist_ok=True)
    with loopback.nginx(folder, [upstream.port]) as (port, process):
        yield Server(process, port, behind=upstream)


@contextmanager
def running(command: list[str], port: int, env: dict[str, str]) -> Iterator[Server]:
    """The server while the block runs. It is stopped by its number in any case; RuntimeError when it does not start."""
    # A file: of a pipe that nobody reads a server with much to say would stand still.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=said)
        try:
            _wait_for(port, process, said)
            yield Server(process, port)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], said: IO[bytes], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            said.seek(0)
            raise RuntimeError(f"{process.args} ended: {said.read().decode()[-2000:]}")
        try:
            connection = HTTPConnection(HOST, port, timeout=10)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args} did not answer in {seconds} s.")
