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


class Part:
    """A server that can go away and come back at the same port. `serves` is what runs it, from its start to its end."""

    def __init__(self, url: str, serves: Callable[[], contextlib.AbstractContextManager[subprocess.Popen]]):
        self.url = url
        self._serves = serves
        self.port = int(url.rpartition(":")[2].partition("/")[0])
        self._running = contextlib.ExitStack()
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Returns when it answers."""
        self._process = self._running.enter_context(self._serves())

    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Returns when it is gone. SIGKILL: as if the power had failed."""
        if self._process:
            stop(self._process, how)
        self._running.close()
        self._process = None

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """Within, it takes what is sent and answers nothing."""
        if not self._process:
            raise RuntimeError("It does not run.")
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)


@contextlib.contextmanager
def _started(part: Part) -> Iterator[Part]:
    part.start()
    try:
        yield part
    finally:
        part.stop()


@contextlib.contextmanager
def postgresql(folder: Path, like: Path | None = None) -> Iterator[str]:
    """A cluster of its own, in `postgresql` in this folder; its DATABASE_URL.

    `like`: what another one, which has ended, has left there: it begins with all that is in it.
    """
    with postgresql_part(folder, like) as part:
        yield part.url


@contextlib.contextmanager
def postgresql_part(folder: Path, like: Path | None = None) -> Iterator[Part]:
    """The same, as something that can be stopped; its address is a DATABASE_URL."""
    data, port = folder / "postgresql", free_port()
    _make_folder(data)
    makes = [*_as_owner(), _program("initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "-N"]
    if like:
        # With its owner, who alone may run it.
        makes = ["cp", "-a", f"{like}/.", str(data)]
    subprocess.run(makes, check=True, stdout=subprocess.DEVNULL, cwd=data)  # noqa: S603
    with _started(Part(f"postgres://postgres@{HOST}:{port}/postgres", lambda: _serving(data, port))) as part:
        yield part


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
def _serving(data: Path, port: int) -> Iterator[subprocess.Popen]:
    command = [*_as_owner(), _program("postgres"), "-D", str(data), "-p", str(port), "-h", HOST, "-k", ""]
    asks = [_program("pg_isready"), "-q", "-h", HOST, "-p", str(port)]
    with process(command, cwd=str(data), stderr=subprocess.DEVNULL) as started:
        wait_until(lambda: subprocess.run(asks, check=False).returncode == 0, "PostgreSQL")  # noqa: S603
        yield started
    # Killed with -9, its processes need a moment to see that they are alone; another start would be refused meanwhile.
    lock = data / "postmaster.pid"
    wait_until(lambda: not lock.exists() or not lives(int(lock.read_text().split()[0])), "the end of PostgreSQL")


def lives(pid: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def redis_program() -> str | None:
    """Valkey, else Redis; None where there is neither."""
    return shutil.which("valkey-server") or shutil.which("redis-server")


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Its CACHE_URL."""
    with redis_part(folder) as part:
        yield part.url


@contextlib.contextmanager
def redis_part(folder: Path) -> Iterator[Part]:
    """The same, as something that can be stopped; what it held is lost then. Its address is a CACHE_URL."""
    port = free_port()
    with _started(Part(f"redis://{HOST}:{port}/0", lambda: _caching(folder, port))) as part:
        yield part


@contextlib.contextmanager
def _caching(folder: Path, port: int) -> Iterator[subprocess.Popen]:
    program = redis_program() or "redis-server"
    command = [program, "--port", str(port), "--bind", HOST, "--dir", str(folder), "--save", "", "--appendonly", "no"]
    with process(command, stdout=subprocess.DEVNULL) as started:
        wait_until(lambda: is_open(port), "Redis")
        yield started


@contextlib.contextmanager
def s3(folder: Path) -> Iterator[dict[str, str]]:
    """An emulator with one bucket; the variables that name it."""
    with s3_part() as part:
        yield s3_variables(part.url)


@contextlib.contextmanager
def s3_part() -> Iterator[Part]:
    """The same, as something that can be stopped; its bucket is empty after each start. Its address is an endpoint."""
    port = free_port()
    with _started(Part(f"http://{HOST}:{port}", lambda: _storing(port))) as part:
        yield part


def s3_variables(endpoint: str) -> dict[str, str]:
    return {
        "S3_BUCKET": BUCKET, "S3_ENDPOINT_URL": endpoint, "S3_REGION": "us-east-1", "S3_ACCESS_KEY_ID": "loopback",
        "S3_SECRET_ACCESS_KEY": "loopback", "MEDIA_ORIGIN": endpoint,
    }  # fmt: skip


@contextlib.contextmanager
def _storing(port: int) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    with process(command, stderr=subprocess.DEVNULL) as started:
        wait_until(lambda: is_open(port), "the S3 emulator")
        import boto3

        keys = {"aws_access_key_id": "loopback", "aws_secret_access_key": "loopback", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=f"http://{HOST}:{port}", **keys).create_bucket(Bucket=BUCKET)
        yield started


@contextlib.contextmanager
def nodes(
    count: int,
    environment: Mapping[str, str],
    application: str = "newsportal.wsgi:application",
    *,
    workers: int = 1,
    quiet: bool = False,
) -> Iterator[dict[int, subprocess.Popen]]:
    """So many servers of the site, each a process with its workers, which come back when they are killed; their ports.

    `quiet`: what they log is not shown.
    """
    with contextlib.ExitStack() as stack:
        ports = [free_port() for _ in range(count)]
        started = {port: stack.enter_context(_node(port, environment, application, quiet, workers)) for port in ports}
        for port in started:
            _wait_for_node(port)
        yield started


@contextlib.contextmanager
def node_part(
    environment: Mapping[str, str], application: str = "newsportal.wsgi:application", *, quiet: bool = False
) -> Iterator[Part]:
    """One of them, as something that can be stopped; its address is an origin."""
    port = free_port()

    @contextlib.contextmanager
    def serving() -> Iterator[subprocess.Popen]:
        with _node(port, environment, application, quiet) as started:
            _wait_for_node(port)
            yield started

    with _started(Part(f"http://{HOST}:{port}", serving)) as part:
        yield part


def _node(
    port: int, environment: Mapping[str, str], application: str, quiet: bool, workers: int = 1
) -> contextlib.AbstractContextManager[subprocess.Popen]:
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port), "--workers", str(workers),
        "--blocking-threads", "4", "--no-access-log", "--respawn-failed-workers", "--respawn-interval", "0.5", application,
    ]  # fmt: skip
    log = subprocess.DEVNULL if quiet else None
    return process(command, cwd=PROJECT, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=log)


def _wait_for_node(port: int) -> None:
    wait_until(lambda: status(port, "/healthz") == 200, "a node")


def nginx_configuration(
    folder: Path, *, port: int, upstream: list[int], pages: list[int] | None = None, sends_files: bool = True
) -> Path:
    """deploy/nginx.conf with what it says is to be changed, and without TLS; the file that nginx is to be given.

    `pages`: what makes the pages that are the same for everyone, where it is not `upstream`. `sends_files`: False where the nodes
    have them, and nginx does not.
    """
    site = (PROJECT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    if not sends_files:
        site = re.sub(r"^( +)location [^\n]*\{\n +alias .*?^\1\}\n", "", site, flags=re.M | re.S)

    def servers(ports: list[int], parameters: str = "") -> str:
        return " ".join(f"server {HOST}:{node}{parameters};" for node in ports)

    for what, by in (
        (r"server 127\.0\.0\.1:8000 max_fails=0;", servers(upstream, " max_fails=0" if pages else "")),
        (r"server 127\.0\.0\.1:8001 max_fails=0;", servers(pages or upstream, " max_fails=0")),
        (r"server 127\.0\.0\.1:8000 max_fails=0 backup;", servers(upstream, " max_fails=0 backup") if pages else ""),
        (r"listen 443 ssl http2", f"listen {HOST}:{port}"),
        (r"listen 80;", f"listen {HOST}:{free_port()};"), (r"ssl_\w+ [^;]*;", ""), (r"listen \[::\][^;]*;", ""),
        # The port is not the usual one, and Django compares it with what browsers say of where a form comes from.
        (r"Host \$host;", "Host $http_host;"),
        (r"/var/cache/nginx/newsportal", f"{folder}/nginx-cache"), *([(r"/srv/newsportal", str(folder))] if sends_files else []),
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
def nginx(
    folder: Path,
    upstream: list[int],
    port: int | None = None,
    *,
    pages: list[int] | None = None,
    sends_files: bool = True,
) -> Iterator[tuple[int, subprocess.Popen]]:
    """nginx before these nodes, as `nginx_configuration` has them: its port, and its process.

    Raises RuntimeError with what `nginx -t` says against the file.
    """
    port = port or free_port()
    whole = nginx_configuration(folder, port=port, upstream=upstream, pages=pages, sends_files=sends_files)
    command = ["nginx", "-p", str(folder), "-c", str(whole)]
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
    # A shell has what it starts in the background ignore the first; the second would leave all servers behind.
    for told_to_end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told_to_end, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        _newspaper(options.nodes, with_replica=options.replica, with_demo=options.demo)


def _newspaper(count: int, *, with_replica: bool, with_demo: bool) -> None:
    """All of it, until a KeyboardInterrupt."""
    with tempfile.TemporaryDirectory(prefix="newsportal-") as name, contextlib.ExitStack() as stack:
        folder, port = Path(name), free_port()
        environment = {
            "SECRET_KEY": os.urandom(32).hex(), "SITE_URL": f"http://{HOST}:{port}", "ALLOWED_HOSTS": f"{HOST},localhost",
            "NEWSPORTAL_ENV_FILE": os.devnull, "BEHIND_PROXY": "true", "TRUSTED_PROXIES": HOST, "NGINX_MICROCACHE": "true",
            "DATABASE_URL": stack.enter_context(postgresql(folder)), "CACHE_URL": stack.enter_context(redis(folder)),
            "STATIC_ROOT": str(folder / "staticfiles"),
        } | stack.enter_context(s3(folder))  # fmt: skip
        command = [sys.executable, "manage.py", "quickstart", "--no-serve", "--port", str(port)]
        if not with_demo:
            command.append("--empty")
        subprocess.run(command, cwd=PROJECT, env=os.environ | environment, check=True)  # noqa: S603
        if with_replica:
            replica = postgresql_replica(folder, environment["DATABASE_URL"])
            environment["DATABASE_REPLICA_URL"] = stack.enter_context(replica)
        started = stack.enter_context(nodes(count, environment))
        stack.enter_context(nginx(folder, list(started), port))
        sys.stdout.write(
            f"http://{HOST}:{port}/ before {len(started)} nodes: {', '.join(map(str, started))}. Ctrl-C ends it.\n"
        )
        sys.stdout.flush()
        signal.pause()


if __name__ == "__main__":
    main()
