"""What a program may do where it is run, as one line of JSON: for drills, in the place of the program that is shut in there.

    python probe.py FOLDERS FILES

FOLDERS and FILES are separated by commas. It needs nothing but Python, and tries only what leaves nothing behind.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

UNSHARE, MOUNT = 272, 165  # of x86-64
SOCKETS = {
    "AF_INET": "SOCK_STREAM", "AF_INET6": "SOCK_STREAM", "AF_UNIX": "SOCK_STREAM", "AF_NETLINK": "SOCK_RAW",
    "AF_PACKET": "SOCK_RAW", "AF_VSOCK": "SOCK_STREAM",
}  # fmt: skip


def can(does: Callable[[], object]) -> bool:
    try:
        does()
    except OSError:
        return False
    return True


def write(folder: str) -> None:
    name = Path(folder, f"probe-{os.getpid()}")
    name.write_text("x")
    name.unlink()


def call(number: int, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def give_rights() -> None:
    name = Path("/tmp/probe")
    name.touch()
    name.chmod(0o4755)


def main(folders: list[str], files: list[str]) -> None:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    does: dict[str, Callable[[], object]] = {
        "unshare": lambda: call(UNSHARE, 0x1000_0000), "mount": lambda: call(MOUNT, b"none", b"/tmp", b"tmpfs", 0, None),
        "make files setuid": give_rights, "take the processor": lambda: os.nice(-5),
        "change owners": lambda: os.chown("/tmp", 0, 0),
    }  # fmt: skip
    opens = {
        family: lambda family=family, kind=kind: socket.socket(getattr(socket, family), getattr(socket, kind)).close()
        for family, kind in SOCKETS.items()
    }
    processes = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
    found = {
        "user": os.getuid(),
        "writes": [folder for folder in folders if can(lambda folder=folder: write(folder))],
        "reads": [name for name in files if can(lambda name=name: Path(name).open().close())],
        "opens": [family for family, tried in opens.items() if can(tried)],
        "sees": [path.name for path in processes if path.stat().st_uid != os.getuid()],
        "does": [name for name, tried in does.items() if can(tried)],
        **{name: status[name] for name in ("NoNewPrivs", "Seccomp", "CapEff", "CapBnd")},
    }
    sys.stdout.write(f"found {json.dumps(found)}\n")


if __name__ == "__main__":
    main(*(argument.split(",") for argument in sys.argv[1:]))
