"""Processes that wait for each other's processors as systemd would have them wait: in control groups with the units' CPUWeight.

Of what several groups want of a processor each gets a part as large as its weight, and who has the larger one and has waited goes
first. It takes root, and a tree of groups that may be written to (cgroups(7)); without it all are alike.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

#: What systemd and the second version of control groups give to who says nothing, and what the first one calls that.
USUAL, USUAL_SHARES = 100, 1024
FIRST, SECOND = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")
#: Seconds for which a group is waited for whose processes have been told to end.
PATIENCE = 5


class Group:
    """Processes of one weight. `folder`: of the kernel; None where there is none to be had, and all are alike."""

    def __init__(self, folder: Path | None):
        self.folder = folder

    def command(self, command: list[str]) -> list[str]:
        """The command as one that begins in this group, with all that it starts."""
        if self.folder is None:
            return command
        return ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(self.folder), *command]

    def enter(self) -> None:
        """This process, with all that it starts from now on."""
        if self.folder is not None:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))


@contextlib.contextmanager
def group(name: str, weight: int) -> Iterator[Group]:
    """A group that is there while the block runs. It must be empty at the end."""
    folder = _made(f"newsportal-{os.getpid()}-{name}", weight)
    try:
        yield Group(folder)
    finally:
        if folder is not None:
            _remove(folder)


def _made(name: str, weight: int) -> Path | None:
    is_second = (SECOND / "cgroup.controllers").exists()
    folder = (SECOND if is_second else FIRST) / name
    try:
        if is_second:
            (SECOND / "cgroup.subtree_control").write_text("+cpu")
        folder.mkdir()
        if is_second:
            (folder / "cpu.weight").write_text(str(weight))
        else:
            (folder / "cpu.shares").write_text(str(weight * USUAL_SHARES // USUAL))
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        return None
    return folder


def _remove(folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            folder.rmdir()
        except OSError:  # somebody is still about to end
            time.sleep(0.05)
        else:
            return
