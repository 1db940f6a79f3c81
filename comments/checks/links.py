from __future__ import annotations

import re

from comments.checks.finding import Finding, Verdict
from comments.models import Comment

LIMIT = 2
ADDRESS = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


def links(comment: Comment, submitted: dict) -> Finding | None:
    count = len(ADDRESS.findall(comment.body))
    if count > LIMIT:
        return Finding(Verdict.HOLD, "links", f"It has {count} links.")
    return None
