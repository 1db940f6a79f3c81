"""Screening: an ordered list of checks, one function a file. All run; the strictest verdict wins; an error holds."""

from __future__ import annotations

import logging
from collections.abc import Callable

from comments.checks.finding import Finding, Verdict
from comments.checks.honeypot import honeypot
from comments.checks.links import links
from comments.checks.unconfirmed import unconfirmed
from comments.models import Comment

logger = logging.getLogger(__name__)

Check = Callable[[Comment, dict], Finding | None]

CHECKS: list[Check] = [honeypot, links, unconfirmed]


def run(comment: Comment, submitted: dict, checks: list[Check] | None = None) -> list[Finding]:
    """What the checks have to say of an unsaved comment and of the form as it came; strictest first."""
    findings = [finding for check in checks or CHECKS if (finding := _ask(check, comment, submitted))]
    return sorted(findings, key=lambda finding: finding.verdict, reverse=True)


def _ask(check: Check, comment: Comment, submitted: dict) -> Finding | None:
    try:
        return check(comment, submitted)
    except Exception:
        # A check that breaks must neither lose the comment nor wave it through: a human looks at it.
        logger.exception("The check %s failed.", check.__name__)
        return Finding(Verdict.HOLD, check.__name__, "This check could not be made.")


__all__ = ["CHECKS", "Finding", "Verdict", "run"]
