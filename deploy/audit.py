"""What we are made of, and what is known against it.

    python deploy/audit.py                  known vulnerabilities of all that is locked; 1 when there are some
    python deploy/audit.py --sbom FILE      a software bill of materials (CycloneDX, JSON) of what an installation runs

Both run pip-audit and cyclonedx-bom by `uv tool run`, apart from our own environment. Where advisories cannot be had, the first
says “not audited”, which is neither good nor bad news.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ("requirements.txt", "requirements-scale.txt", "requirements-dev.txt")
PIP_AUDIT, CYCLONEDX = "pip-audit==2.10.1", "cyclonedx-bom==7.5.0"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="write the bill of materials instead")
    parser.add_argument("--scale", action="store_true", help="of an installation with PostgreSQL, Redis and S3")
    options = parser.parse_args()
    if options.sbom:
        return sbom("requirements-scale.txt" if options.scale else "requirements.txt", options.sbom)
    files = [option for name in LOCKED for option in ("-r", name)]
    answer = tool(PIP_AUDIT, "pip-audit", "--disable-pip", "--require-hashes", "-f", "json", *files)
    try:
        found = {package["name"]: package for package in json.loads(answer.stdout)["dependencies"]}
    except (ValueError, KeyError):
        print(f"Not audited: {reason(answer.stderr) or 'pip-audit did not answer'}")
        return 0
    return told(found)


def told(found: dict[str, dict]) -> int:
    """Print what is known of these packages, as pip-audit has them; 1 when there is something against any."""
    skipped = [package for package in found.values() if "skip_reason" in package]
    wrong = [(package, vulnerability) for package in found.values() for vulnerability in package.get("vulns", [])]
    for package, vulnerability in wrong:
        mended = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {vulnerability['id']}, mended in {mended}")
    audited = len(found) - len(skipped)
    if skipped:
        print(f"Not audited: {len(skipped)} of {len(found)} packages; this package index has no advisories for them.")
    if audited:
        print(f"{audited} packages audited: {len(wrong) or 'no'} known vulnerabilities.")
    return 1 if wrong else 0


def sbom(requirements: str, target: Path) -> int:
    made = tool(CYCLONEDX, "cyclonedx-py", "requirements", requirements, "--of", "JSON", "-o", str(target.resolve()))
    print(f"{requirements} → {target}" if made.returncode == 0 else f"Not made: {reason(made.stderr)}")
    return made.returncode


def tool(package: str, *command: str) -> subprocess.CompletedProcess[str]:
    uv = [sys.executable, "-m", "uv", "tool", "run", "--quiet", "--from", package]
    return subprocess.run([*uv, *command], cwd=ROOT, capture_output=True, text=True, check=False)


def reason(text: str) -> str:
    """Why a tool has failed, in one line: uv says it first, and hints after it; a traceback has it at the end."""
    lines = [line.strip() for line in text.partition("hint:")[0].splitlines() if line.strip()]
    return " ".join(lines[-1:] if "Traceback" in text else lines)


if __name__ == "__main__":
    sys.exit(main())
