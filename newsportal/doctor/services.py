"""What systemd says of our units on this machine, where it looks after them (deploy/systemd)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from django.conf import settings

from newsportal.doctor.finding import Finding, fine, odd, wrong

#: There where systemd has started the machine: https://www.freedesktop.org/software/systemd/man/latest/sd_booted.html
BOOTED = Path("/run/systemd/system")
TOLD = ("Id", "LoadState", "UnitFileState", "ActiveState", "Result", "NRestarts")
#: So often one that dies is started again before somebody should look why.
OFTEN = 5
RUNS = {"active", "activating", "reloading"}
PATIENCE = 5.0


def units() -> list[Finding]:
    if not BOOTED.is_dir():
        return [fine("systemd does not look after this machine.")]
    try:
        installed = [unit for unit in _ask() if unit.get("LoadState") == "loaded"]
    except (OSError, subprocess.SubprocessError):
        return [odd("systemd does not answer, so nobody knows whether its units run.", "Install the package dbus.")]
    found = [finding for unit in installed if (finding := _wrong_with(unit))]
    if found:
        return found
    running = [unit["Id"] for unit in installed if unit["ActiveState"] in RUNS]
    return [fine(f"systemd runs {', '.join(running)}." if running else "systemd runs nothing of ours.")]


def _ask() -> list[dict[str, str]]:
    names = sorted(file.name for file in (settings.BASE_DIR / "deploy" / "systemd").iterdir())
    systemctl = shutil.which("systemctl") or "/usr/bin/systemctl"
    command = [systemctl, "show", "--property", ",".join(TOLD), *names]
    said = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout  # noqa: S603
    return [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in said.split("\n\n")]


def _wrong_with(unit: dict[str, str]) -> Finding | None:
    name, is_enabled, runs = unit["Id"], unit["UnitFileState"] == "enabled", unit["ActiveState"] in RUNS
    log = f"`journalctl -u {name}` says why"
    if is_enabled and not runs:
        return wrong(f"{name} does not run ({unit['ActiveState']}).", f"{log}; then `systemctl restart {name}`.")
    if unit.get("Result", "success") != "success":
        return wrong(f"{name} has failed the last time ({unit['Result']}).", f"{log}.")
    if int(unit.get("NRestarts") or 0) >= OFTEN:
        return odd(
            f"{name} has died and was started again {unit['NRestarts']} times.",
            f"{log}. `systemctl reset-failed {name}` counts anew.",
        )
    is_disabled = unit["UnitFileState"] == "disabled"
    if is_disabled and runs:
        return odd(f"{name} runs, and will not when the machine is started anew.", f"Run `systemctl enable {name}`.")
    if is_disabled and name.endswith(".timer"):
        return odd(f"{name} is installed and never due.", f"Run `systemctl enable --now {name}`.")
    return None
