"""A server is installed as docs/operations.md says, on a fresh Debian that boots, used, broken and upgraded.

    python deploy/drills/install.py [--release NAME] [--debian FOLDER]

Every line in a block of *One machine* and *Upgrades* is taken from that page and run as it stands there; what an operator puts in
themselves is put in here: where the code comes from (the last commit of this folder), keys, and where nginx finds pictures. Let's
Encrypt is Pebble, its test server, so that certbot gets a certificate of nobody's. The machine is a container of systemd-nspawn.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import pty
import re
import ssl
import struct
import time
import urllib.request
from pathlib import Path

from apart import Machine, debian, own_network, pip_variables, run
from installation import Drill, Reading, Visitor, folder_for, loopback, needs, options_of, publish

NAME = "news.example.org"
PAGE = loopback.PROJECT / "docs" / "operations.md"
RELEASE = "trixie"
# What the page promises.
MINUTES = 15
ACCOUNT, PASSWORD = "chief", "open sesame, drill"
CODE = "/mnt/newsportal.git"
LETS_ENCRYPT = """
apt-get install --yes pebble >/dev/null
mkdir -p /etc/letsencrypt /opt/pebble && cd /opt/pebble
openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=localhost -keyout key.pem -out cert.pem 2>/dev/null
echo '{"pebble": {
  "listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000", "httpPort": 80, "tlsPort": 443,
  "certificate": "/opt/pebble/cert.pem", "privateKey": "/opt/pebble/key.pem"}}' > config.json
systemd-run --quiet --unit pebble --setenv PEBBLE_VA_NOSLEEP=1 --setenv PEBBLE_WFE_NONCEREJECT=0 \\
  pebble -config /opt/pebble/config.json
cat >> /etc/letsencrypt/cli.ini <<EOF
server = https://127.0.0.1:14000/dir
no-verify-ssl = true
non-interactive = true
agree-tos = true
register-unsafely-without-email = true
EOF
"""
ROOTS = "usr/local/share/ca-certificates/pebble.crt"
HEADLINE = "The ferry is late"
PAGES = "newsportal-pages"
UNITS = ("newsportal", PAGES, "newsportal-worker", "newsportal-nightly", "newsportal-digest", "newsportal-backup")


def main() -> None:
    words = {
        "release": f"the code name of a Debian that is made for it; else {RELEASE}",
        "debian": "a Debian that debootstrap has made here before; else one is made",
    }
    options = options_of(__doc__, words=words)
    drill = Drill("install")
    needs(
        **{"systemd-nspawn": "systemd-container"}, debootstrap="debootstrap", slirp4netns="slirp4netns", unshare="util-linux",
        nsenter="util-linux", ip="iproute2", git="git",
    )  # fmt: skip
    with folder_for("install") as folder, own_network(NAME):
        server = folder / "server"
        if options.debian:
            run("cp", "-a", "--reflink=auto", options.debian, server)
        else:
            debian(server, options.release or RELEASE)
        run("git", "clone", "--quiet", "--bare", loopback.PROJECT, folder / "newsportal.git")
        (server / "etc" / "hosts").write_text(f"127.0.0.1 localhost {NAME}\n")
        machine = Machine(server, pip_variables(server), f"{folder}/newsportal.git:{CODE}")
        with machine.booted():
            drill.says(f"a fresh Debian {(server / 'etc' / 'debian_version').read_text().strip()} has booted")
            install(drill, machine)
            use(drill, machine)
            shut_in(drill, machine)
            limits(drill, machine)
            kill(drill, machine)
            worker(drill, machine)
            timers(drill, machine)
            upgrade(drill, machine, folder / "newsportal.git")
            drill.says("the machine is shut down and started")
            machine.shut_down()
            machine.boot()
            drill.comes_to("the site is there again", lambda: Reader(machine).get("/search/").status == 200)
            units = (
                "nginx newsportal newsportal-pages newsportal-worker "
                "newsportal-nightly.timer newsportal-digest.timer newsportal-backup.timer"
            )
            drill.holds("and so is all else", machine.does(f"systemctl is-active {units}"))
    drill.end()


# --- The page ---------------------------------------------------------------------------------------------------------


def blocks(title: str) -> list[str]:
    """The blocks of commands and files beneath this title of docs/operations.md."""
    section = re.search(rf"^## {title}\n(.*?)^## ", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return re.findall(r"^```\n(.*?)^```", section[1] if section else "", re.M | re.S)


def between(words: str) -> str:
    """What stands between backticks after these words of docs/operations.md."""
    found = re.search(rf"{words}\s+`([^`]+)`", PAGE.read_text(encoding="utf-8"))
    if not found:
        raise RuntimeError(f"docs/operations.md does not say “{words}” any more")
    return found[1]


def install(drill: Drill, machine: Machine) -> None:
    packages, variables, commands, services = blocks("One machine")
    began = time.monotonic()
    step(drill, machine, "packages, folders, code", packages.replace("https://github.com/your/newsportal.git", CODE))
    # Let's Encrypt is nothing that an operator sets up.
    aside = time.monotonic()
    machine.run(LETS_ENCRYPT)
    began += time.monotonic() - aside
    while "…" in variables:
        variables = variables.replace("…", machine.run("openssl rand -hex 32").strip(), 1)
    (machine.folder / "etc" / "newsportal.env").write_text(variables)
    step(drill, machine, "variables", between("Write `/etc/newsportal.env`, then"))
    (machine.folder / "root" / ".bashrc").write_text(commands.splitlines()[0])
    answers = [ACCOUNT, "chief@example.org", PASSWORD, PASSWORD]
    step(drill, machine, "database, static files, first account", commands, answers)
    pictures = between("and where pictures are,")
    put_in = f"sed -i 's!alias .*kept;!{pictures}!' /etc/nginx/conf.d/newsportal.conf\nnginx -t"
    *lines, doctor = services.replace("nginx -t", put_in).splitlines()
    step(drill, machine, "services, certificate, web server", "\n".join(lines))
    took = time.monotonic() - began
    drill.holds(
        f"it is installed within {MINUTES} minutes ({took / 60:.1f}, by a machine that types)", took < 60 * MINUTES
    )
    trust(machine)
    consult(drill, machine, doctor)


def trust(machine: Machine) -> None:
    """In what Pebble signs, with a key that it has made itself when it was started. Of Let's Encrypt all know."""
    lax = ssl.create_default_context()
    lax.check_hostname, lax.verify_mode = False, ssl.CERT_NONE
    with urllib.request.urlopen("https://127.0.0.1:15000/roots/0", context=lax) as answer:
        (machine.folder / ROOTS).write_bytes(answer.read())
    machine.run("update-ca-certificates")


def step(drill: Drill, machine: Machine, what: str, lines: str, answers: list[str] | None = None) -> None:
    """These lines of the page, one after the other at a terminal; `answers` are typed when something is asked.

    Ends the drill when one fails: the next ones build on it.
    """
    began, said, left = time.monotonic(), "", list(answers or ())
    here, there = pty.openpty()
    script = f"[ ! -d /srv/newsportal ] || cd /srv/newsportal\n[ ! -f ~/.bashrc ] || . ~/.bashrc\n{lines}"
    with machine.start(script, stdin=there, stdout=there, stderr=there, start_new_session=True) as started:
        os.close(there)
        # EIO: nobody has the other end any more.
        with contextlib.suppress(OSError):
            while some := os.read(here, 65536):
                said += some.decode(errors="replace")
                if left and said.endswith(": "):
                    os.write(here, f"{left.pop(0)}\n".encode())
    os.close(here)
    drill.holds(f"{what} ({time.monotonic() - began:.0f} s)", not started.returncode, said[-3000:])
    if started.returncode:
        drill.end()


def consult(drill: Drill, machine: Machine, command: str) -> None:
    # Who types it has given the processes the moment that they need to start.
    drill.comes_to("the site answers", lambda: Reader(machine).get("/search/").status == 200)
    try:
        said, is_well = machine.run(f"cd /srv/newsportal; . ~/.bashrc; {command}"), True
    except RuntimeError as problem:
        said, is_well = str(problem), False
    drill.holds("the doctor finds nothing wrong", is_well, said)
    for line in said.splitlines():
        if line.startswith(("LOOK", "WRONG")):
            drill.says(f"        {line}")


# --- Use --------------------------------------------------------------------------------------------------------------


class Reader(Visitor):
    def __init__(self, machine: Machine):
        roots = ssl.create_default_context(cafile=str(machine.folder / ROOTS))
        super().__init__(443, site=f"https://{NAME}", trusted=roots)


def use(drill: Drill, machine: Machine) -> None:
    """Somebody reads, and the first account publishes a story with a picture."""
    someone = Reader(machine)
    page = someone.get("/")
    drill.holds("the front page is there, by TLS", page.status == 200, page)
    style = re.search(r'href="(?:https://[^/"]+)?(/static/[^"]+\.css)"', page.text)
    drill.holds("and its style sheet, from nginx", style and someone.get(style[1]).status == 200, style)
    answer = Visitor(80, site=f"http://{NAME}").get("/")
    drill.holds("who asks without TLS is led there", (answer.headers["Location"] or "").startswith("https://"), answer)
    editor = Reader(machine)
    editor.log_in(ACCOUNT, PASSWORD)
    answer = editor.get("/admin/")
    drill.holds("the desk wants a second factor first", "/admin/account/" in (answer.headers["Location"] or ""), answer)
    add_app(editor)
    answer = editor.get("/admin/")
    drill.holds("and opens with one", answer.status == 200, answer)
    story = publish(drill, editor, HEADLINE)
    page = someone.get(story)
    drill.holds("the story is there for readers", page.status == 200, page.status)
    # nginx has sent a front page before, which it keeps for the rest of that second.
    drill.comes_to("and on the front page", lambda: HEADLINE in someone.get("/").text, seconds=2)
    pictures = set(re.findall(r"/media/renditions/[^\s\",]+", page.text))
    answers = [someone.get(name).status for name in sorted(pictures)]
    drill.holds(f"nginx sends its {len(answers)} pictures", answers and all(s == 200 for s in answers), answers)


def add_app(editor: Visitor) -> None:
    page = editor.get("/admin/account/app/add/")
    form = editor.form_in(page, "/admin/account/app/add/", "code")
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page.text)
    editor.post("/admin/account/app/add/", form | {"code": code(secret[1] if secret else "")})


def code(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFF_FFFF) % 1_000_000:06}"


# --- Faults -----------------------------------------------------------------------------------------------------------


def has_ended(shown: str) -> bool:
    return ("ActiveState=inactive" in shown and "InactiveEnterTimestampMonotonic=0" not in shown) or "=failed" in shown


def main_process(machine: Machine, unit: str = "newsportal") -> int:
    return int(machine.run(f"systemctl show --property MainPID --value {unit}"))


def kill(drill: Drill, machine: Machine) -> None:
    someone, first = Reader(machine), main_process(machine)
    before = serving(machine, first)
    machine.run(f"kill -9 {before[0]}")
    # No cache stands before search.
    answer = someone.get("/search/")
    drill.holds("a serving process is killed, and the other one answers", answer.status == 200, answer)
    drill.comes_to("there are two again", lambda: len(set(serving(machine, first)) - {before[0]}) == 2, 10)
    machine.run(f"kill -9 {first}")
    answer = someone.get("/")
    drill.holds("their parent is killed, and nginx shows the front page", answer.status == 200, answer)
    # Two seconds; where the machine has control groups of the old kind, a container's systemd is not told that all are gone, and
    # waits for TimeoutStopSec.
    drill.comes_to("systemd starts it anew", lambda: main_process(machine) not in {0, first})
    drill.comes_to("it answers", lambda: someone.get("/search/").status == 200, 10)
    left = [number for number in before if machine.does(f"kill -0 {number}")]
    drill.holds("and nothing is left of the other", not left, left)
    first = main_process(machine, PAGES)
    machine.run(f"kill -9 {first}")
    # Which nobody has asked for: nginx has no such page, and asks the other service.
    answer = someone.get("/latest/")
    drill.holds("who serves pages is killed, and the other service makes them", answer.status == 200, answer)
    drill.comes_to("systemd starts it anew", lambda: main_process(machine, PAGES) not in {0, first})


def limits(drill: Drill, machine: Machine) -> None:
    """Whether the kernel counts what a unit takes: in a container that depends on the machine around it."""
    counted = machine.run("systemctl show --property MemoryCurrent --value newsportal").strip()
    if counted.isdigit():
        most = machine.run("cat /sys/fs/cgroup/system.slice/newsportal.service/memory.max").strip()
        drill.holds("it has a limit of memory", most == str(1500 * 2**20), most)
    else:
        drill.says("not tried: limits of memory and tasks, which this machine does not hand on to containers")


def serving(machine: Machine, parent: int) -> list[int]:
    """Their numbers on the machine."""
    return [int(number) for number in machine.run(f"pgrep --parent {parent} || true").split()]


def worker(drill: Drill, machine: Machine) -> None:
    """The unit of which one says: only with BACKGROUND_WORKER=process."""
    machine.run(
        "echo BACKGROUND_WORKER=process >> /etc/newsportal.env; systemctl restart newsportal newsportal-pages;"
        "systemctl enable --quiet --now newsportal-worker"
    )
    first = main_process(machine, "newsportal-worker")
    machine.run(f"kill -9 {first}")
    again = "newsportal-worker"
    drill.comes_to("the worker is killed and comes back", lambda: main_process(machine, again) not in {0, first}, 15)
    began = time.monotonic()
    machine.run("systemctl stop newsportal-worker")
    said = machine.run("systemctl show --property Result --value newsportal-worker").strip()
    drill.holds(f"it ends when it is told to ({time.monotonic() - began:.1f} s)", said == "success", said)
    machine.run("systemctl start newsportal-worker")


DUE = "[Timer]\nOnActiveSec=1s\nAccuracySec=100ms\nRandomizedDelaySec=0\n"


def timers(drill: Drill, machine: Machine) -> None:
    """Each is told to be due, and its service has run well then."""
    for name in ("newsportal-backup", "newsportal-digest", "newsportal-nightly"):
        drill.holds(f"{name}.timer is waiting", machine.does(f"systemctl is-active {name}.timer"))
        shows = f"systemctl show --property ActiveState,Result,InactiveEnterTimestampMonotonic {name}.service"
        due = f"/run/systemd/system/{name}.timer.d"
        machine.run(
            f"mkdir -p {due}; printf '{DUE}' > {due}/due.conf; systemctl daemon-reload; systemctl restart {name}.timer"
        )
        drill.comes_to(f"{name} is started by it, and ends", lambda shows=shows: has_ended(machine.run(shows)), 300)
        said = machine.run(shows)
        drill.holds("and went well", "Result=success" in said, said + machine.run(f"journalctl -u {name} -n 30 -o cat"))
        machine.run(f"rm -r {due}; systemctl daemon-reload; systemctl restart {name}.timer")
    errors = machine.run("journalctl -u newsportal-nightly -o cat | grep -iE 'error|traceback|failed' || true")
    drill.holds("no part of the nightly work has failed", not errors, errors)
    kept = machine.run("cd /srv/backups; ls")
    drill.holds("there is a backup", ".zip" in kept, kept)
    restored = "cd /srv/newsportal; . ~/.bashrc; manage restore /srv/backups --replace"
    drill.holds("and it can be restored", machine.does(restored))
    page = Reader(machine).get("/")
    drill.holds("the story is on the front page after it", HEADLINE in page.text, page.status)


FOLDERS = [
    "/", "/boot", "/dev", "/dev/shm", "/etc", "/home", "/opt", "/root", "/run", "/run/lock", "/run/probe", "/srv", "/srv/backups",
    "/srv/newsportal", "/srv/newsportal/media", "/srv/newsportal/staticfiles", "/tmp", "/usr/local", "/var", "/var/cache/nginx",
    "/var/lib", "/var/lib/newsportal", "/var/lib/newsportal/media", "/var/log", "/var/tmp",
]  # fmt: skip
SECRETS = ["/etc/newsportal.env", "/etc/shadow", f"/etc/letsencrypt/live/{NAME}/privkey.pem", "/root/.bashrc"]
# /tmp and /var/tmp are its own, /dev/shm is memory.
WRITES = {"/dev/shm", "/tmp", "/var/tmp", "/var/lib/newsportal", "/var/lib/newsportal/media"}
MORE = {"newsportal": {"/run/probe"}, PAGES: {"/run/probe"}, "newsportal-backup": {"/srv/backups"}}
NOTHING = {
    "opens": ["AF_INET", "AF_INET6", "AF_UNIX"], "sees": [], "does": [], "NoNewPrivs": "1", "Seccomp": "2", "CapEff": "0" * 16,
    "CapBnd": "0" * 16,
}  # fmt: skip


def shut_in(drill: Drill, machine: Machine) -> None:
    """In the place of each unit's own program one is run that tries what it must not be able to do."""
    probe = f"/srv/newsportal/.venv/bin/python /srv/newsportal/deploy/drills/probe.py {','.join(FOLDERS)} {','.join(SECRETS)}"
    for name in UNITS:
        unit = (machine.folder / f"etc/systemd/system/{name}.service").read_text(encoding="utf-8").replace("\\\n", " ")
        unit = re.sub(r"^(?:ExecStart|Restart|RestartSec|Type)=.*\n", "", unit, flags=re.M)
        unit = re.sub(r"^RuntimeDirectory=.*$", "RuntimeDirectory=probe", unit, flags=re.M)
        own = f"[Service]\nType=oneshot\nExecStart={probe}\n"
        (machine.folder / f"etc/systemd/system/probe-{name}.service").write_text(
            unit.replace("[Service]\n", own), encoding="utf-8"
        )
        said = machine.run(
            f"systemctl daemon-reload; systemctl start probe-{name} || true; sleep 1; journalctl -u probe-{name} -o cat"
        )
        found = json.loads(said.rpartition("found ")[2].partition("\n")[0]) if "found {" in said else {"writes": [said]}
        may = WRITES | MORE.get(name, set())
        drill.holds(f"{name} writes only where it should", set(found["writes"]) == may, found["writes"])
        # Its own variables are in its environment in any case.
        drill.holds("reads no secrets but its own", set(found.get("reads", SECRETS)) <= {"/etc/newsportal.env"}, found)
        drill.holds("and has no rights to do more", NOTHING.items() <= found.items(), found)


def upgrade(drill: Drill, machine: Machine, code: Path) -> None:
    """To a version with another style sheet."""
    *lines, doctor = blocks("Upgrades")[0].splitlines()
    release = code.parent / "release"
    run("git", "clone", "--quiet", code, release)
    with (release / "static" / "css" / "tokens.css").open("a", encoding="utf-8") as style:
        style.write("\n/* the next release */\n")
    git = ["git", "-C", release, "-c", "user.name=drill", "-c", "user.email=drill@example.org"]
    run(*git, "commit", "--quiet", "--all", "--message", "The next release")
    run(*git, "tag", "next-release")
    run(*git, "push", "--quiet", "origin", "HEAD", "next-release")
    before = [main_process(machine, unit) for unit in ("newsportal", PAGES, "newsportal-worker")]
    with Reading(Reader(machine), "/") as reading:
        step(drill, machine, "an upgrade", "\n".join(lines).replace("NEW-VERSION", "next-release"))
    consult(drill, machine, doctor)
    now = [main_process(machine, unit) for unit in ("newsportal", PAGES, "newsportal-worker")]
    drill.holds("it is run by others, and so is the work in the background", not {0, *before} & {*now}, (before, now))
    times = reading.answers.total()
    drill.holds(
        f"the front page was read {times} times meanwhile, always with 200",
        set(reading.answers) == {200},
        reading.answers,
    )


if __name__ == "__main__":
    main()
