"""The next version of a live story: kept apart, and taken live by a person, or by the first request that finds it due."""

from __future__ import annotations

import datetime
import logging
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from articles import workflow
from articles.caching.planned import Planned
from articles.caching.prepared import Prepared
from articles.editing.merge import Merge, merge
from articles.editing.snapshot import LABELS, Snapshot, opened, put, take
from articles.models.article import Article
from articles.models.next_version import NextVersion
from articles.models.version import Kind, Version, record

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

#: As many are applied before one answer; the next request applies the others.
AT_ONCE = 10
#: What the live story says of its own time is not changed by a next version.
OF_THE_LIVE_STORY = ("publish_at", "embargo_until")


_due = Planned(
    Prepared(lambda now: NextVersion.objects.due(now).values_list("pk", "article_id")[:AT_ONCE], now=datetime.datetime),
    nothing_alone=True,
)


def apply_due(now: datetime.datetime | None = None) -> None:
    """Let everything go live whose time has come. One query where nothing is due, and none where that is known.

    What cannot go live is taken off its time with the reason, so that it is tried once and shown at the desk, and holds up
    neither the others nor whoever asked for a page.
    """
    now = now or timezone.now()
    for pk, article_id in _due(now=now):
        try:
            with transaction.atomic():
                # The story first, as every verb does: who locked them the other way round would wait for each other for ever.
                article = Article.objects.select_for_update().filter(pk=article_id).first()
                # Claimed by an UPDATE: of two requests that find it at once, the second finds it done.
                if article is None or NextVersion.objects.due(now).filter(pk=pk).update(refusal="") == 0:
                    continue
                found = NextVersion.objects.waiting_for(article)
                assert found is not None
                _go_live(article, found, found.kept_by, at=found.due_at or now)
        except (OperationalError, InterfaceError):
            raise  # the database's trouble and not the story's: the next request tries again
        except Exception as problem:
            logger.exception("The next version %s could not go live.", pk)
            # Not what a colleague has planned since this was given up.
            NextVersion.objects.due(now).filter(pk=pk).update(due_at=None, refusal=_sentence(problem)[:500])


def keep_next(
    article: Article,
    content: Snapshot,
    by: User,
    *,
    seen: int,
    live: int,
    due_at: datetime.datetime | None = None,
    publish_as: str = "",
    correction: str = "",
    reason: str = "",
) -> NextVersion | None:
    """Keep what a live story will be, while readers see what it is; None when its editor has not seen the last of either.

    `seen` is the number of the next version where there is one, else of the story's own; `live` is that of the story's
    version into which `content` has been merged.
    """  # fmt: skip
    if not (by.has_perm(workflow.PUBLISH) and workflow.may_edit(article, by)):
        raise PermissionDenied(f"{by} may not change this story.")
    with transaction.atomic():
        article = Article.objects.select_for_update().get(pk=article.pk)
        if not article.is_public():
            raise workflow.MoveRefused("Only a story that readers can see has a next version. Save it.")
        waiting = NextVersion.objects.filter(article=article).select_related("version").first()
        if live != article.version or seen != (waiting.version.number if waiting else article.version):
            return None
        base = Version.objects.current(article).first()
        version = record(article, content, base, by=by, kind=Kind.NEXT, reason=reason)
        fields = {"version": version, "due_at": due_at, "publish_as": publish_as, "correction": correction}
        found, _ = NextVersion.objects.update_or_create(
            article=article, defaults=fields | {"kept_by": by, "refusal": ""}
        )
        return found


def go_live(article: Article, by: User, *, seen: int, mark: str = "") -> Version | None:
    """Let the next version take the place of what readers see, now; `seen` and `mark` are those of what its editor has looked at.

    Raises MoveRefused where there is none, or another by now, or where the live story has changed in the same places.
    """
    with transaction.atomic():
        article, found = _held(article, by, seen, mark)
        return _go_live(article, found, by, at=timezone.now())


def drop(article: Article, by: User, *, seen: int, mark: str = "") -> None:
    """Give the next version up; its text stays in the history. Raises MoveRefused as `go_live` does."""
    with transaction.atomic():
        article, found = _held(article, by, seen, mark)
        article.log_move(article.status, by, f"Dropped the next version, version {seen} of the history.")
        found.delete()


def with_live(waiting: NextVersion) -> Merge:
    """The next version over what the story is now. `conflicts` names what both have changed since it was kept."""
    base, live = waiting.version.parent, take(waiting.article)
    found = merge(opened(base) if base else None, opened(waiting.version), live)
    found.conflicts = [name for name in found.conflicts if name not in OF_THE_LIVE_STORY]
    found.result |= {name: live[name] for name in OF_THE_LIVE_STORY}
    return found


def note_conflicts(article: Article) -> str:
    """Say beside the next version, and return, why it cannot go live any more after the live story was saved; "" when it can."""
    waiting = NextVersion.objects.waiting_for(article)
    conflicts = with_live(waiting).conflicts if waiting else []
    sentence = _asked(conflicts) if conflicts else ""
    if waiting and waiting.refusal != sentence:
        NextVersion.objects.filter(pk=waiting.pk, version=waiting.version_id).update(refusal=sentence)
    return sentence


def _held(article: Article, by: User, seen: int, mark: str) -> tuple[Article, NextVersion]:
    article = Article.objects.select_for_update().get(pk=article.pk)
    if not (workflow.may_edit(article, by) and by.has_perm(workflow.PUBLISH)):
        raise PermissionDenied(f"{by} may not publish this story.")
    found = NextVersion.objects.waiting_for(article)
    if found is None or not found.version.is_read_as(seen, mark):
        raise workflow.MoveRefused("The next version is another one by now, or gone. Look at it again.")
    return article, found


def _go_live(article: Article, waiting: NextVersion, by: User | None, *, at: datetime.datetime) -> Version | None:
    if not article.is_public():
        raise workflow.MoveRefused(f"“{article}” is not public: there is nothing for it to take the place of.")
    if by is not None and not by.has_perm(workflow.PUBLISH):
        by = None  # who kept it has left since; it was decided when they had not
    found = with_live(waiting)
    if found.conflicts:
        raise workflow.MoveRefused(_asked(found.conflicts))
    put(article, found.result, makes_tags=True)
    version = article.record(
        by, Kind.WENT_LIVE, f"Version {waiting.version.number} went live. {waiting.version.reason}"
    )
    article.tell(by, waiting.publish_as, waiting.correction, at=at)
    waiting.delete()
    return version


def _asked(conflicts: list[str]) -> str:
    names = ", ".join(LABELS[name] for name in conflicts)
    return f"Since it was kept, the live story has been changed in the same place ({names}). Edit it, and choose which to keep."


def _sentence(problem: Exception) -> str:
    if isinstance(problem, ValidationError):
        return " ".join(problem.messages)
    if isinstance(problem, PermissionDenied):
        return str(problem)
    return "It could not go live. The error is in the log of the server."
