"""Keyword-only makers. Comments come in and are decided as they are in life."""

from __future__ import annotations

import itertools

from articles.models import Article
from articles.tests.factories import make_article
from comments.decide import decide
from comments.models import Comment, Status
from comments.post import post

numbers = itertools.count(1)


def make_comment(
    *,
    article: Article | None = None,
    status: str = Status.PENDING,
    name: str = "Ottilie",
    email: str | None = None,
    body: str | None = None,
) -> Comment:
    number = next(numbers)
    words = {"name": name, "email": email or f"reader{number}@example.org", "body": body or f"Comment number {number}."}
    comment = post(article or make_article(), words)
    if status != Status.PENDING:
        decide(comment, status, by=None)
    return comment
