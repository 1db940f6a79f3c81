from __future__ import annotations

import re

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.models import Comment

ADDRESS = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


def links(comment: Comment, submission: Submission) -> Finding | None:
    count = len(ADDRESS.findall(comment.body))
    if count > submission.rules.link_limit:
        return Finding(Verdict.HOLD, "links", f"It has {count} links; {submission.rules.link_limit} are allowed.")
    return None
