from __future__ import annotations

import re

from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.folding import plain
from comments.models import Comment
from comments.text import to_html

ADDRESS = re.compile(r"https?://|\bwww\.", re.IGNORECASE)


def links(comment: Comment, submission: Submission) -> Finding | None:
    """Addresses that readers can press, or read: also mail, and names alone (“example.com”), of which links are made, too."""
    body = plain(comment.body)
    # What a reader types is escaped: a link in this HTML is one that was made.
    count = max(len(ADDRESS.findall(body)), to_html(body).count("<a href="))
    if count > submission.rules.link_limit:
        return Finding(Verdict.HOLD, "links", f"It has {count} links; {submission.rules.link_limit} are allowed.")
    return None
