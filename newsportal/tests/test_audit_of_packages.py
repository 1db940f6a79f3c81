"""What is said of our dependencies is neither rosier nor blacker than what is known."""

import json
import re
import sys

import pytest

from deploy.audit import CYCLONEDX, main, reason, sbom, told, tool
from newsportal.environment import BASE_DIR

FINE = {"name": "fine", "version": "1.0", "vulns": []}
HOLED = {"name": "holed", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1", "3.0"]}]}
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "lines"),
    [
        ([FINE], 0, ["1 packages audited: no known vulnerabilities."]),
        ([FINE, HOLED], 1, ["holed 2.0: PYSEC-1, mended in 2.1, 3.0", "2 packages audited: 1 known vulnerabilities."]),
        ([UNKNOWN], 0, ["Not audited: 1 of 1 packages; this package index has no advisories for them."]),
        ([UNKNOWN, HOLED], 1, ["holed 2.0: PYSEC-1, mended in 2.1, 3.0",
                               "Not audited: 1 of 2 packages; this package index has no advisories for them.",
                               "1 packages audited: 1 known vulnerabilities."]),
    ],
    ids=["nothing", "a hole", "not known", "both"],
)  # fmt: skip
def test_what_is_known(capsys, packages, code, lines):
    assert told({package["name"]: package for package in packages}) == code
    assert capsys.readouterr().out.splitlines() == lines


@pytest.fixture(scope="module")
def cyclonedx():
    asked = tool(CYCLONEDX, "cyclonedx-py", "--version")
    if asked.returncode:
        pytest.skip(f"{CYCLONEDX} cannot be had here: {reason(asked.stderr)}")


@pytest.mark.parametrize(("options", "of"), [([], "requirements.txt"), (["--scale"], "requirements-scale.txt")])
def test_a_bill_of_materials_has_all_that_an_installation_runs_and_nothing_else(
    cyclonedx, monkeypatch, capsys, tmp_path, options, of
):
    file = tmp_path / "sbom.json"
    monkeypatch.setattr(sys, "argv", ["audit.py", "--sbom", str(file), *options])
    assert main() == 0, capsys.readouterr().out
    bill = json.loads(file.read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    locked = re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==([^\s;]+)", (BASE_DIR / of).read_text(encoding="utf-8"), re.M)
    assert locked
    assert {(part["name"], part["version"]) for part in bill["components"]} == set(locked)


def test_a_bill_that_cannot_be_made_says_why(cyclonedx, capsys, tmp_path):
    assert sbom("no-such-file.txt", tmp_path / "sbom.json") != 0
    assert "No such file or directory: 'no-such-file.txt'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            "error: No solution found when resolving tool dependencies\n"
            "  cause: Because x was not found in the cache, your requirements are unsatisfiable.\n\n"
            "hint: Packages were unavailable because the network was disabled.\n",
            "error: No solution found when resolving tool dependencies "
            "cause: Because x was not found in the cache, your requirements are unsatisfiable.",
        ),
        (
            'Traceback (most recent call last):\n  File "x.py", line 1\nOSError: no space left\n',
            "OSError: no space left",
        ),
        ("", ""),
    ],
    ids=["uv's, with a hint", "Python's", "nothing"],
)
def test_of_a_tool_that_fails_the_reason_is_told_and_not_the_hint(said, why):
    assert reason(said) == why
