"""What the doctor says, in a word."""

from __future__ import annotations

from newsportal.doctor.finding import Finding, Level


def worst(findings: list[Finding]) -> Level:
    levels = {finding.level for finding in findings}
    assert all(finding.mend for finding in findings if finding.level is not Level.FINE), "nobody is told how to mend it"
    return next(level for level in (Level.WRONG, Level.ODD, Level.FINE) if level in levels)
