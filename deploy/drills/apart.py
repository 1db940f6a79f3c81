"""A place of one's own on this machine for drills that install: a network, and a Debian in it that boots.

Nothing of this machine's own network, mounts and services is changed. For root on Linux.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from installation import loopback

CLONE_NEWNS, CLONE_NEWNET = 0x0002_0000, 0x4000_0000


def run(*command: str | Path) -> str:
    """What it says. Raises RuntimeError with its complaint when it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def own_network(*names: str) -> Iterator[None]:
    """This process and all that it starts are in a network of their own from now on, in which every port is free.

    It leads out, and `names` lead to its loopback. There is no way back, so it is entered before there are threads.
    """
    if os.getuid():
        raise SystemExit("This drill needs root: it makes networks and mounts of its own.")
    outside = os.open("/proc/self/ns/net", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS | CLONE_NEWNET):
        raise SystemExit(f"This drill needs namespaces of its own: {os.strerror(ctypes.get_errno())}.")
    run("mount", "--make-rslave", "/")
    # Where both kinds of control groups are mounted, the new one has no controllers, and systemd would follow processes by it.
    if Path("/sys/fs/cgroup/unified").is_mount():
        run("umount", "/sys/fs/cgroup/unified")
    with tempfile.NamedTemporaryFile("w", prefix="hosts-") as hosts:
        hosts.write(f"{loopback.HOST} localhost {' '.join(names)}\n")
        hosts.flush()
        Path(hosts.name).chmod(0o644)
        run("mount", "--bind", hosts.name, "/etc/hosts")
    leads_out = [
        "nsenter", f"--net=/proc/self/fd/{outside}", "slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback",
        str(os.getpid()), "tap0",
    ]  # fmt: skip
    with loopback.process(leads_out, pass_fds=[outside], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        loopback.wait_until(lambda: "default" in run("ip", "route"), "the way out of the drill's network")
        yield


def debian(folder: Path, release: str, *options: str) -> None:
    """The Debian of this code name as it is after its installation, in this folder; `options` are debootstrap's."""
    run("debootstrap", *options, release, folder)


def pip_variables(folder: Path) -> dict[str, str]:
    """What this machine's pip is told by variables, for a pip in the Debian in this folder: PIP_INDEX_URL, PIP_CERT…"""
    names = ("PIP_INDEX_URL", "PIP_CERT", "PIP_DEFAULT_TIMEOUT")
    told = {name: os.environ[name] for name in names if name in os.environ}
    if authority := told.get("PIP_CERT"):
        kept = folder / "etc" / "drill-authorities.crt"
        kept.write_bytes(Path(authority).read_bytes())
        told["PIP_CERT"] = "/etc/drill-authorities.crt"
    return told


class Machine:
    """A Debian in a folder, booted: systemd is its first process. `variables` are those of whoever works on it."""

    def __init__(self, folder: Path, variables: dict[str, str], *mounts: str):
        self.folder, self.variables = folder, variables
        self._command = [
            "systemd-nspawn", "--directory", str(folder), "--boot", "--register=no", "--keep-unit", "--console=pipe",
            f"--machine={re.sub('[^a-z0-9]', '', folder.name)}", *(f"--bind-ro={mount}" for mount in mounts),
        ]  # fmt: skip

    @contextlib.contextmanager
    def booted(self) -> Iterator[None]:
        self.boot()
        try:
            yield
        finally:
            self.shut_down()

    def boot(self) -> None:
        """Returns when all that it starts has been started."""
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._nspawn = subprocess.Popen(self._command, start_new_session=True, **silent)
        loopback.wait_until(
            lambda: self.does("systemctl is-system-running | grep -E '^(running|degraded)$'"), "systemd"
        )

    def shut_down(self) -> None:
        """Its services end as they do before a reboot."""
        self._nspawn.send_signal(signal.SIGTERM)
        try:
            self._nspawn.wait(120)
        finally:
            loopback.stop(self._nspawn, signal.SIGKILL)

    def first_process(self) -> int:
        """Its number outside. Raises OSError while there is none."""
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        if not children:
            raise ProcessLookupError("the machine has no first process")
        return int(children[0])

    def start(self, script: str, **options) -> subprocess.Popen:
        """Root's bash runs these lines on it, and stops at the first that fails."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        variables = {"PATH": path, "HOME": "/root", "LANG": "C.UTF-8"}
        # Its mounts, processes, names and so on; the network is the drill's.
        enters = ["nsenter", f"--target={self.first_process()}", "-m", "-p", "-u", "-i", "-C", "-r", "-w"]
        return subprocess.Popen(
            [*enters, "bash", "-euo", "pipefail", "-c", script], env=variables | self.variables, text=True, **options
        )

    def run(self, script: str) -> str:
        """What they say. Raises RuntimeError with it when one fails."""
        with self.start(script, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as started:
            said, _ = started.communicate()
        if started.returncode:
            raise RuntimeError(f"ended with {started.returncode}: {said[-3000:]}")
        return said

    def does(self, script: str) -> bool:
        """Whether they all succeed."""
        try:
            self.run(script)
        except (RuntimeError, OSError):
            return False
        return True
