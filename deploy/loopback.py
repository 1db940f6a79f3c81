"""A newspaper on several machines, all on the loopback of one: PostgreSQL, Redis, an S3 emulator, nodes, and nginx before them.

    python deploy/loopback.py [--nodes 2] [--demo]

Without containers and without touching what else runs here: every server is on a free port with its files in a temporary folder,
and ends with this command (Ctrl-C). It needs PostgreSQL's and nginx's programs, redis-server, and requirements-dev.txt. With --demo
there is the demo newsroom. Tests of the project start the same parts.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
BUCKET = "media"

NGINX = """
{user}daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log off; sendfile on; tcp_nopush on;
    client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy; fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi; scgi_temp_path {folder}/nginx-scgi;
    include {folder}/site.conf;
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def process(command: list[str], **options) -> Iterator[subprocess.Popen]:
    """A process that is stopped at the end, with all that it has started."""
    started = subprocess.Popen(command, start_new_session=True, **options)  # noqa: S603
    try:
        yield started
    finally:
        stop(started)


def stop(started: subprocess.Popen, how: int = signal.SIGTERM) -> None:
    if started.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, how)
    try:
        started.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def wait_until(answers: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException, subprocess.SubprocessError):
            if answers():
                return
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} does not answer")
        time.sleep(0.1)


def is_open(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=2):
        return True


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


# --- The parts --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A cluster of its own; its DATABASE_URL."""
    data, port = folder / "postgresql", free_port()
    _make_folder(data)
    makes = [*_as_owner(), _program("initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8"]
    subprocess.run(makes, check=True, stdout=subprocess.DEVNULL, cwd=data)  # noqa: S603
    with _serving(data, port):
        yield f"postgres://postgres@{HOST}:{port}/postgres"


@contextlib.contextmanager
def postgresql_replica(folder: Path, original: str) -> Iterator[str]:
    """A copy of the cluster at this DATABASE_URL that follows it; its own DATABASE_URL."""
    data, port = folder / "replica", free_port()
    _make_folder(data)
    source = urlsplit(original)
    copies = [
        _program("pg_basebackup"),
        "-h",
        HOST,
        "-p",
        str(source.port),
        "-U",
        "postgres",
        "-D",
        str(data / "data"),
        "-R",
        "-X",
        "stream",
        "-c",
        "fast",
    ]
    subprocess.run([*_as_owner(), *copies], check=True, cwd=data)  # noqa: S603
    with _serving(data / "data", port):
        yield f"postgres://postgres@{HOST}:{port}{source.path}"


def _program(name: str) -> str:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return str(folders[-1] / name) if folders else name


def _as_owner() -> list[str]:
    # PostgreSQL refuses to be run by root.
    return ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []


def _make_folder(data: Path) -> None:
    data.mkdir(mode=0o700)
    if _as_owner():
        shutil.chown(data, "postgres")
        data.parent.chmod(0o711)


@contextlib.contextmanager
def _serving(data: Path, port: int) -> Iterator[None]:
    command = [*_as_owner(), _program("postgres"), "-D", str(data), "-p", str(port), "-h", HOST, "-k", ""]
    asks = [_program("pg_isready"), "-q", "-h", HOST, "-p", str(port)]
    with process(command, cwd=str(data), stderr=subprocess.DEVNULL):
        wait_until(lambda: subprocess.run(asks, check=False).returncode == 0, "PostgreSQL")  # noqa: S603
        yield


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Its CACHE_URL."""
    port = free_port()
    program = shutil.which("valkey-server") or shutil.which("redis-server") or "redis-server"
    command = [program, "--port", str(port), "--bind", HOST, "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with process(command, stdout=subprocess.DEVNULL):
        wait_until(lambda: is_open(port), "Redis")
        yield f"redis://{HOST}:{port}/0"


@contextlib.contextmanager
def s3(folder: Path) -> Iterator[dict[str, str]]:
    """An emulator with one bucket; the variables that name it."""
    port = free_port()
    with process([sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)], stderr=subprocess.DEVNULL):
        wait_until(lambda: is_open(port), "the S3 emulator")
        endpoint = f"http://{HOST}:{port}"
        import boto3

        keys = {"aws_access_key_id": "loopback", "aws_secret_access_key": "loopback", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket=BUCKET)
        yield {
            "S3_BUCKET": BUCKET, "S3_ENDPOINT_URL": endpoint, "S3_REGION": "us-east-1", "S3_ACCESS_KEY_ID": "loopback",
            "S3_SECRET_ACCESS_KEY": "loopback", "MEDIA_ORIGIN": endpoint,
        }  # fmt: skip


@contextlib.contextmanager
def nodes(count: int, environment: Mapping[str, str]) -> Iterator[dict[int, subprocess.Popen]]:
    """So many servers of the site, each a process with one worker; their ports."""
    with contextlib.ExitStack() as stack:
        started = {}
        for _ in range(count):
            port = free_port()
            command = [
                sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port), "--workers", "1",
                "--blocking-threads", "4", "--no-access-log", "newsportal.wsgi:application",
            ]  # fmt: skip
            whole = os.environ | environment
            started[port] = stack.enter_context(process(command, cwd=PROJECT, env=whole, stdout=subprocess.DEVNULL))
        for port in started:
            wait_until(lambda port=port: status(port, "/healthz") == 200, "a node")
        yield started


def nginx_configuration(folder: Path, *, port: int, upstream: list[int]) -> Path:
    """deploy/nginx.conf with what it says is to be changed, and without TLS; the file that nginx is to be given."""
    site = (PROJECT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    servers = " ".join(f"server {HOST}:{node};" for node in upstream)
    for what, by in (
        (r"server 127\.0\.0\.1:8000;", servers), (r"listen 443 ssl http2", f"listen {HOST}:{port}"),
        (r"listen 80;", f"listen {HOST}:{free_port()};"), (r"ssl_\w+ [^;]*;", ""),
        (r"/var/cache/nginx/newsportal", f"{folder}/nginx-cache"), (r"/srv/newsportal", str(folder)),
        (r"news\.example\.org", f"{HOST} localhost"),
    ):  # fmt: skip
        site, count = re.subn(what, by, site)
        if not count:
            raise RuntimeError(f"deploy/nginx.conf has no {what}")
    (folder / "site.conf").write_text(site, encoding="utf-8")
    whole = folder / "nginx.conf"
    user = "user root; " if os.getuid() == 0 else ""
    whole.write_text(NGINX.format(folder=folder, user=user), encoding="utf-8")
    return whole


@contextlib.contextmanager
def nginx(folder: Path, upstream: list[int], port: int | None = None) -> Iterator[tuple[int, subprocess.Popen]]:
    """nginx before these nodes: its port, and its process. Raises RuntimeError with what `nginx -t` says against the file."""
    port = port or free_port()
    command = ["nginx", "-p", str(folder), "-c", str(nginx_configuration(folder, port=port, upstream=upstream))]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)  # noqa: S603
    if checked.returncode:
        raise RuntimeError(checked.stderr)
    with process(command, stderr=subprocess.DEVNULL) as started:
        wait_until(lambda: status(port, "/healthz") == 200, "nginx")
        yield port, started


# --- All of them ------------------------------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nodes", type=int, default=2)
    parser.add_argument(
        "--replica", action="store_true", help="with a copy of the database that readers' pages are made from"
    )
    parser.add_argument("--demo", action="store_true", help="fill it with the demo newsroom")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsportal-") as name, contextlib.ExitStack() as stack:
        folder, port = Path(name), free_port()
        environment = {
            "SECRET_KEY": os.urandom(32).hex(), "SITE_URL": f"http://{HOST}:{port}", "ALLOWED_HOSTS": f"{HOST},localhost",
            "NEWSPORTAL_ENV_FILE": os.devnull, "BEHIND_PROXY": "true", "TRUSTED_PROXIES": HOST, "NGINX_MICROCACHE": "true",
            "DATABASE_URL": stack.enter_context(postgresql(folder)), "CACHE_URL": stack.enter_context(redis(folder)),
            "STATIC_ROOT": str(folder / "staticfiles"),
        } | stack.enter_context(s3(folder))  # fmt: skip
        command = [
            sys.executable,
            "manage.py",
            "quickstart",
            "--no-serve",
            "--port",
            str(port),
            *([] if options.demo else ["--empty"]),
        ]
        subprocess.run(command, cwd=PROJECT, env=os.environ | environment, check=True)  # noqa: S603
        if options.replica:
            replica = postgresql_replica(folder, environment["DATABASE_URL"])
            environment["DATABASE_REPLICA_URL"] = stack.enter_context(replica)
        started = stack.enter_context(nodes(options.nodes, environment))
        stack.enter_context(nginx(folder, list(started), port))
        sys.stdout.write(
            f"http://{HOST}:{port}/ before {len(started)} nodes: {', '.join(map(str, started))}. Ctrl-C ends it.\n"
        )
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
