"""Keyword-only makers. Comments come in and are decided as they are in life."""

from __future__ import annotations

import itertools
from typing import Any

from articles.models import Article
from articles.tests.factories import make_article
from comments.decide import decide
from comments.identity import Reader
from comments.keyed import keyed_hash
from comments.models import Comment, Commenter
from comments.post import post

numbers = itertools.count(1)


def make_reader(*, email: str | None = None, user=None, network: str | None = None, approved: int = 0) -> Reader:
    """Somebody with a browser of their own, in a network of their own; with an e-mail, one who has confirmed it."""
    number = next(numbers)
    commenter = None
    if email:
        commenter = Commenter.objects.by_email(email)
        commenter.verify()
        if approved:
            Commenter.objects.filter(pk=commenter.pk).update(published_count=approved)
            commenter.refresh_from_db()
    return Reader(f"browser-{number}", network or keyed_hash("network", f"10.0.0.{number}"), commenter, user)


def make_comment(
    *,
    article: Article | None = None,
    status: str | None = None,
    name: str = "Ottilie",
    email: str | None = None,
    body: str | None = None,
    parent: Comment | None = None,
    reader: Reader | None = None,
    **said: Any,
) -> Comment:
    """A guest's comment; with a `reader` who is proved, that one's. Without a status: what the checks make of it."""
    number = next(numbers)
    reader = reader or make_reader()
    if email is None:
        email = "" if reader.commenter else f"reader{number}@example.org"
    article = article or (parent.article if parent else make_article())
    body = body or f"Comment number {number}."
    comment = post(article, reader, name=name, email=email, body=body, parent=parent, **said)
    if status not in (None, comment.status):
        decide(comment, status, by=None)
    return comment
