"""Screening: an ordered list of checks, one function a file. All run; the strictest verdict wins; an error holds."""

from __future__ import annotations

import logging
from collections.abc import Callable

from comments.checks.akismet import akismet
from comments.checks.classifier import classifier
from comments.checks.closed import closed
from comments.checks.duplicate import duplicate
from comments.checks.finding import Finding, Verdict
from comments.checks.honeypot import honeypot
from comments.checks.links import links
from comments.checks.lookalike import lookalike
from comments.checks.policy import policy
from comments.checks.rate import rate
from comments.checks.sanctioned import sanctioned
from comments.checks.standing import standing
from comments.checks.submission import Submission
from comments.checks.terms import terms
from comments.checks.timing import timing
from comments.checks.unconfirmed import unconfirmed
from comments.models import Comment

logger = logging.getLogger(__name__)

Check = Callable[[Comment, Submission], Finding | None]

CHECKS: list[Check] = [
    sanctioned,
    closed,
    rate,
    honeypot,
    timing,
    duplicate,
    lookalike,
    links,
    terms,
    standing,
    policy,
    classifier,
    unconfirmed,
    akismet,
]


#: What these have seen is how the comment came, which is not seen again when its text is.
OF_THE_SENDING = {"honeypot", "timing"}


def run_again(comment: Comment, submission: Submission, *known: Finding) -> list[Finding]:
    """What the checks have to say of a comment that is there, with what they said of how it came, and what else is known."""
    earlier = [Finding.from_json(said) for said in comment.findings if said["check"] in OF_THE_SENDING]
    return _strictest_first([*run(comment, submission), *earlier, *known])


def run(comment: Comment, submission: Submission, checks: list[Check] | None = None) -> list[Finding]:
    """What the checks have to say of a comment and of how it came; strictest first."""
    findings = []
    for check in checks or CHECKS:
        if finding := _ask(check, comment, submission):
            findings.append(finding)
            if finding.verdict == Verdict.REFUSE:
                break  # nothing is stricter, and what follows costs more than all before it
    return _strictest_first(findings)


def _strictest_first(findings: list[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.verdict, reverse=True)


def _ask(check: Check, comment: Comment, submission: Submission) -> Finding | None:
    try:
        return check(comment, submission)
    except Exception:
        # A check that breaks must neither lose the comment nor wave it through: a human looks at it.
        logger.exception("The check %s failed.", check.__name__)
        return Finding(Verdict.HOLD, check.__name__, "This check could not be made.")


__all__ = ["CHECKS", "Finding", "Submission", "Verdict", "run", "run_again"]
