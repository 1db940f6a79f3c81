"""Take a comment in: screen it, store it once, and let it wait."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from articles.models import Article
from comments import checks
from comments.checks import Verdict
from comments.decide import decide
from comments.models import Comment, Commenter, Status
from comments.models.comment import hash_of
from comments.signals import comment_changed


def post(article: Article, submitted: dict[str, Any]) -> Comment:
    """Store a valid form's data as a pending comment, and return it; the one already stored when it was sent twice."""
    commenter, _ = Commenter.objects.by_email(submitted["email"]), None
    comment = Comment(article=article, commenter=commenter, name=submitted["name"], body=submitted["body"])
    findings = checks.run(comment, checks.Submission(honeypot=submitted.get("website", "")))
    comment.findings = [finding.as_json() for finding in findings]
    try:
        with transaction.atomic():
            comment.save(force_insert=True)
            transaction.on_commit(partial(comment_changed.send, sender=Comment, comment=comment))
    except IntegrityError:
        return Comment.objects.get(article=article, commenter=commenter, body_hash=hash_of(submitted["body"]))
    if any(finding.verdict == Verdict.SPAM for finding in findings):
        decide(comment, Status.SPAM, by=None)
    return comment
