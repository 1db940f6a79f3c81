"""The image of deploy/Dockerfile is built, deploy/compose.yaml is brought up with nginx before it, used, and broken.

    python deploy/drills/containers.py [--stand-ins] [--verbose]

With a Docker daemon of its own, in a network of its own, and the last commit of this folder. The images that the files name are
pulled; with --stand-ins, for machines that reach no registry, images of the same names are made of Debian's packages.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from apart import debian, own_network, pip_variables, run
from installation import Drill, Reading, Visitor, folder_for, loopback, needs, options_of, publish

NODES = {"node-a": 8001, "node-b": 8002}
ACCOUNT, PASSWORD = "chief", "open sesame, drill"
HEADLINE = "The ferry is late"
# Of Docker on a machine where nothing else is said: who asks a node comes from its gateway.
NETWORK = "172.16.0.0/12"
# Of what the official images do, as much as deploy/ asks for: Debian's release, and what is done to it.
STAND_INS = {
    "python:3.11-slim-bookworm": ("bookworm", """
RUN apt-get update && apt-get install -y --no-install-recommends python3-venv ca-certificates && python3 -m venv /usr/local
"""),
    "postgres:15": ("bookworm", """
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-15
COPY postgres.sh /usr/local/bin/
ENV PATH=/usr/lib/postgresql/15/bin:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/postgres.sh"]
"""),
    "valkey/valkey:8": ("trixie", """
RUN apt-get update && apt-get install -y --no-install-recommends valkey-server
USER valkey
ENTRYPOINT ["/bin/sh", "-c", "exec \\"$@\\" --protected-mode no", "sh"]
"""),
}  # fmt: skip
POSTGRES = """#!/bin/sh
set -e
as_owner() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
install -d -o postgres /var/run/postgresql
install -d -o postgres -m 0700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf %s "$POSTGRES_PASSWORD" | install -o postgres -m 0600 /dev/stdin /tmp/password
    as_owner initdb -E UTF8 -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
    echo "CREATE DATABASE $POSTGRES_DB" | as_owner postgres --single postgres
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -c listen_addresses='*'
"""
FOLDERS = [
    "/", "/etc", "/home", "/run", "/srv", "/srv/newsportal", "/srv/newsportal/media", "/srv/newsportal/staticfiles", "/tmp",
    "/usr/local", "/var/tmp",
]  # fmt: skip
# As the two kinds of control groups have it.
LIMIT = "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
SECRETS = ["/etc/shadow", "/srv/newsportal/deploy/.env", "/srv/newsportal/deploy/newsportal.env"]
WRITES = {"/srv/newsportal/media", "/tmp"}
# Files that are setuid help nobody where NoNewPrivs is.
NOTHING = {
    "user": 1000, "reads": [], "does": ["make files setuid"], "sees": [], "NoNewPrivs": "1", "CapEff": "0" * 16, "CapBnd": "0" * 16,
}  # fmt: skip


def main() -> None:
    meaning = "for machines that reach no registry: make the images of PostgreSQL and so on of Debian's packages"
    options, drill = options_of(__doc__, flags={"stand-ins": meaning}), Drill("containers")
    needs(
        dockerd="docker.io", docker="docker.io", iptables="iptables", slirp4netns="slirp4netns", nsenter="util-linux",
        ip="iproute2", git="git", nginx="nginx-light", **({"debootstrap": "debootstrap"} if options.stand_ins else {}),
    )  # fmt: skip
    if done("docker", "compose", "version").returncode:
        raise SystemExit("This drill needs docker compose, the second version (Debian 13: docker-compose).")
    with folder_for("containers") as folder, own_network(), docker(folder, options.verbose), ExitStack() as stack:
        if options.stand_ins:
            stand_in(folder)
            drill.says(f"made of Debian's packages: {', '.join(STAND_INS)}")
        port = loopback.free_port()
        site = f"http://{loopback.HOST}:{port}"
        compose = Compose(folder / "code", site)
        stack.callback(compose.does, "down", "--volumes", "--timeout", "5")
        drill.holds("the image is built", compose.does("build", "node-a"), compose.said)
        drill.holds("the database is migrated", compose.manages("migrate", "-v0"), compose.said)
        drill.holds("all is brought up", compose.does("up", "--detach"), compose.said)
        for node in NODES:
            drill.comes_to(f"{node} is healthy", lambda node=node: compose.state(node)["Health"]["Status"] == "healthy")
        account = ["createsuperuser", "--no-input", "--username", ACCOUNT, "--email", "chief@example.org"]
        drill.holds("the first account is made", compose.manages(*account), compose.said)
        stack.enter_context(loopback.nginx(folder, list(NODES.values()), port, sends_files=False))
        use(drill, compose, port)
        shut_in(drill, compose)
        database_away(drill, compose, port)
        valkey_away(drill, compose)
        kill(drill, compose)
        end(drill, compose)
        upgrade(drill, compose, port)
        back_up(drill, compose, folder)
    drill.end()


# --- What is brought up -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def docker(folder: Path, is_verbose: bool) -> Iterator[None]:
    """A daemon of its own, which is the one of all that is started from now on."""
    os.environ["DOCKER_HOST"] = f"unix://{folder}/docker.sock"
    command = [
        "dockerd", "--host", os.environ["DOCKER_HOST"], "--data-root", str(folder / "docker"), "--exec-root", str(folder / "run"),
        "--pidfile", str(folder / "docker.pid"),
    ]  # fmt: skip
    log = None if is_verbose else subprocess.DEVNULL
    with loopback.process(command, stdout=log, stderr=log):
        loopback.wait_until(lambda: done("docker", "version").returncode == 0, "Docker")
        yield


def done(*command: str | Path) -> subprocess.CompletedProcess[str]:
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run([*map(str, command)], text=True, check=False, stdin=subprocess.DEVNULL, **both)


def stand_in(folder: Path) -> None:
    """The images that deploy/ names, without a registry."""
    variables: dict[str, str] = {}
    for release in sorted({release for release, _ in STAND_INS.values()}):
        debian(folder / release, release, "--variant=minbase")
        variables = pip_variables(folder / release)
        made = done("sh", "-c", f"tar -C {folder / release} -c . | docker import - debian:{release}")
        if made.returncode:
            raise RuntimeError(made.stdout)
        shutil.rmtree(folder / release)
    here = folder / "stand-ins"
    here.mkdir()
    (here / "postgres.sh").write_text(POSTGRES, encoding="utf-8")
    (here / "postgres.sh").chmod(0o755)
    told = "".join(f"ENV {name}={value}\n" for name, value in variables.items())
    for name, (release, rest) in STAND_INS.items():
        (here / "Dockerfile").write_text(f"FROM debian:{release}\n{told}{rest}", encoding="utf-8")
        run("docker", "build", "--quiet", "--tag", name, here)


class Compose:
    """deploy/compose.yaml of the last commit, in `code`, for a newspaper at this origin. `said`: by the last command."""

    def __init__(self, code: Path, site: str):
        run("git", "clone", "--quiet", loopback.PROJECT, code)
        (code / "deploy" / "newsportal.env").write_text(
            f"SECRET_KEY={secrets.token_hex(32)}\nPRIVACY_KEY={secrets.token_hex(32)}\nSITE_URL={site}\n"
            f"ALLOWED_HOSTS={loopback.HOST}\nSITE_NAME=The Drill\nTRUSTED_PROXIES={NETWORK}\n",
            encoding="utf-8",
        )
        self._command = ["docker", "compose", "-p", "drill", "-f", str(code / "deploy" / "compose.yaml")]
        self.said = ""
        (code / "deploy" / ".env").write_text(f"POSTGRES_PASSWORD={secrets.token_hex(16)}\n", encoding="utf-8")

    def does(self, *arguments: str) -> bool:
        """Whether it succeeds."""
        ran = done(*self._command, *arguments)
        self.said = ran.stdout
        return ran.returncode == 0

    def manages(self, *arguments: str, options: tuple[str, ...] = ()) -> bool:
        """The same of manage.py in a container of a node."""
        named = ("-e", f"DJANGO_SUPERUSER_PASSWORD={PASSWORD}")
        return self.does("run", "--rm", "-T", *named, *options, "node-a", "python", "manage.py", *arguments)

    def state(self, service: str) -> dict[str, Any]:
        """What Docker knows of its container. Raises LookupError when there is none."""
        self.does("ps", "--all", "--quiet", service)
        lines = self.said.split()
        [found] = json.loads(run("docker", "inspect", lines[-1]))
        return found["State"]


# --- Use --------------------------------------------------------------------------------------------------------------


def use(drill: Drill, compose: Compose, port: int) -> None:
    """An editor at one node publishes, and readers read at the other and through nginx."""
    someone = Visitor(port)
    page = someone.get("/")
    drill.holds("the front page is there, through nginx", page.status == 200, page)
    style = re.search(r'href="(?:http://[^/"]+)?(/static/[^"]+\.css)"', page.text)
    drill.holds("and its style sheet", style and someone.get(style[1]).status == 200, style)
    first, second = (Visitor(number) for number in NODES.values())
    first.log_in(ACCOUNT, PASSWORD)
    story = publish(drill, first, HEADLINE)
    for path in (story, "/", "/latest/", "/feed/"):
        drill.holds(f"{path} of the other node has it at once", HEADLINE in second.get(path).text)
    page = second.get(story).text
    pictures = sorted(set(re.findall(r"/media/renditions/[^\s\",]+", page)))
    answers = [second.get(name).status for name in pictures]
    drill.holds(f"the other node sends its {len(answers)} pictures", set(answers) == {200}, answers)
    card = re.compile(r'"og:image" content="[^"]*(/media/share-cards/[^"]+)"')
    drill.comes_to("the worker makes its share card", lambda: card.search(second.get(story).text))
    editor = Visitor(port, "127.9.9.9")
    editor.log_in(ACCOUNT, PASSWORD)
    compose.manages(
        "shell", "-c", "from newsportal.staff.models import AuditAddress as A; print(A.objects.latest('pk'))"
    )
    drill.holds("nodes know where somebody comes from", "127.9.9.9" in compose.said, compose.said)
    compose.does("exec", "-T", "node-a", "python", "manage.py", "doctor")
    # The drill's address of the site, which leads to nginx before the containers, leads nowhere within these.
    unreachable = ("WRONG site:", "WRONG newest picture:")
    wrong = [
        line for line in compose.said.splitlines() if line.startswith("WRONG") and not line.startswith(unreachable)
    ]
    drill.holds("the doctor finds nothing wrong within a node", "OK" in compose.said and not wrong, compose.said)


def shut_in(drill: Drill, compose: Compose) -> None:
    for service in ("node-a", "worker"):
        ran = compose.does(
            "exec", "-T", service, "python", "deploy/drills/probe.py", ",".join(FOLDERS), ",".join(SECRETS)
        )
        found = json.loads(compose.said.partition("found ")[2]) if ran else {"writes": [compose.said]}
        drill.holds(f"{service} writes only where it should", set(found["writes"]) == WRITES, found)
        drill.holds("and has no rights to do more", NOTHING.items() <= found.items(), found)
        compose.does("exec", "-T", service, "sh", "-c", LIMIT)
        given = compose.said.strip()
        compose.does("config", "--format", "json")
        wanted = str(json.loads(compose.said[compose.said.index("{") :])["services"][service]["mem_limit"])
        drill.holds("it has the limit of memory that is said", given == wanted, f"{given}, {wanted}")


# --- Faults -----------------------------------------------------------------------------------------------------------


def database_away(drill: Drill, compose: Compose, port: int) -> None:
    drill.holds("the database is stopped", compose.does("stop", "postgresql"), compose.said)
    for node, number in NODES.items():
        drill.comes_to(f"{node}: /readyz says 503", lambda number=number: loopback.status(number, "/readyz") == 503)
        drill.holds("and /healthz 200", loopback.status(number, "/healthz") == 200)
    drill.holds("the front page is read", Visitor(port).get("/").status == 200)
    # As long as it takes to fail three checks.
    time.sleep(35)
    health = [compose.state(node)["Health"]["Status"] for node in NODES]
    drill.holds("both nodes stay healthy: nobody has to restart them", health == ["healthy"] * 2, health)
    drill.holds("the database is started", compose.does("start", "postgresql"), compose.said)
    for node, number in NODES.items():
        drill.comes_to(f"{node}: /readyz says 200", lambda number=number: loopback.status(number, "/readyz") == 200, 20)
    drill.holds("the worker lives", compose.state("worker")["Running"])


def valkey_away(drill: Drill, compose: Compose) -> None:
    drill.holds("Valkey is stopped", compose.does("stop", "valkey"), compose.said)
    for node, number in NODES.items():
        statuses = [Visitor(number).get(path).status for path in ("/", "/latest/", "/search/?q=ferry")]
        drill.holds(f"{node} is read without it", statuses == [200] * 3, statuses)
    drill.holds("Valkey is started", compose.does("start", "valkey"), compose.said)


def kill(drill: Drill, compose: Compose) -> None:
    """Killed from outside, as by a machine without memory: Docker starts each again."""
    for service in ("node-b", "worker"):
        first = compose.state(service)["Pid"]
        os.kill(first, signal.SIGKILL)
        drill.comes_to(
            f"{service} is killed and comes back", lambda s=service, f=first: compose.state(s)["Pid"] not in {0, f}
        )
    drill.comes_to("the node answers", lambda: loopback.status(NODES["node-b"], "/readyz") == 200)


def end(drill: Drill, compose: Compose) -> None:
    """Told to stop, each ends by itself and is not killed."""
    for service in ("node-b", "worker"):
        began = time.monotonic()
        compose.does("stop", service)
        code = compose.state(service)["ExitCode"]
        drill.holds(f"{service} ends when it is told to ({time.monotonic() - began:.1f} s)", code in {0, 143}, code)
    drill.holds("both come up again", compose.does("up", "--detach"), compose.said)
    drill.comes_to("the node answers", lambda: loopback.status(NODES["node-b"], "/readyz") == 200)


def upgrade(drill: Drill, compose: Compose, port: int) -> None:
    """One node after the other is made anew, as with a new image; nothing of what is read has nginx kept."""
    with Reading(Visitor(port), "/search/?q=ferry") as reading:
        for node in NODES:
            anew = compose.does("up", "--detach", "--no-deps", "--force-recreate", "--wait", node)
            drill.holds(f"{node} is made anew", anew, compose.said)
    seen = reading.answers
    drill.holds(f"a page was read {seen.total()} times meanwhile, always with 200", set(seen) == {200}, seen)


def back_up(drill: Drill, compose: Compose, folder: Path) -> None:
    """As docs/operations.md says."""
    backups = folder / "backups"
    backups.mkdir()
    os.chown(backups, 1000, 1000)
    folder.chmod(0o711)
    for command in (("backup", "/backups"), ("verify_backup", "/backups"), ("restore", "/backups", "--replace")):
        beside = ("-v", f"{backups}:/backups", "-e", "TMPDIR=/backups")
        drill.holds(f"{command[0]} works", compose.manages(*command, options=beside), compose.said)
    drill.holds("the story is there after it", HEADLINE in Visitor(NODES["node-b"]).get("/latest/").text)


if __name__ == "__main__":
    main()
