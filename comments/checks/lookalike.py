from __future__ import annotations

import time
from functools import lru_cache

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, post_save

from articles.models import Contributor
from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.folding import disguised, skeleton
from comments.models import Comment

#: Words of a name that only the newsroom may bear.
OFFICES = {
    skeleton(word) for word in ("moderator", "administrator", "admin", "editor", "staff", "newsroom", "redaction")
}
#: Another process may have changed a name: asked again so often (seconds).
FRESH_FOR = 60


def lookalike(comment: Comment, submission: Submission) -> Finding | None:
    """A guest's name that a reader would take for one of the newsroom, however it is spelt."""
    if comment.is_staff:
        return None
    name = skeleton(comment.name)
    paper = skeleton(settings.SITE_NAME)  # empty for a name of signs alone, which would be in every name
    if name in _names(int(time.monotonic()) // FRESH_FOR) or (paper and paper in name):
        return Finding(Verdict.HOLD, "lookalike", f"The name “{comment.name}” looks like one of the newsroom.")
    if any(skeleton(word) in OFFICES for form in disguised(comment.name) for word in form.split()):
        return Finding(Verdict.HOLD, "lookalike", f"The name “{comment.name}” claims an office.")
    return None


@lru_cache(maxsize=1)
def _names(period: int) -> frozenset[str]:
    User = get_user_model()
    staff = User.objects.filter(is_staff=True, is_active=True).values_list("first_name", "last_name", "username")
    names = {skeleton(name) for first, last, username in staff for name in (f"{first} {last}", username)}
    names |= {skeleton(name) for name in Contributor.objects.values_list("name", flat=True)}
    return frozenset(name for name in names if len(name) > 2)


def _forget(**kwargs) -> None:
    _names.cache_clear()


def listen() -> None:
    """Names that change in this process are known at once."""
    for model in (get_user_model(), Contributor):
        for signal in (post_save, post_delete):
            signal.connect(_forget, sender=model, dispatch_uid=f"comments.lookalike.{model.__name__}")
