"""What is said of our dependencies is neither rosier nor blacker than what is known."""

import pytest

from deploy.audit import told

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
