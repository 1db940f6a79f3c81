"""The first page of the desk: what waits for whom who has come in, and what is wrong."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from articles import workflow
from articles.models import Article, Autosave, Image, NextVersion
from articles.models.image import RIGHTS_END_SOON
from articles.workflow import Status
from comments.queue import View, counts
from newsportal import backlog

SHOWN = 8


@dataclass(frozen=True)
class Panel:
    """Some rows under a heading: (address, words, what is said beside them)."""

    heading: str
    rows: list[tuple[str, str, str]]
    nothing: str = ""
    is_alarm: bool = False


def panels(user: User) -> list[Panel]:
    """What this person sees: each panel asks one small question over an index; none for what they may not open."""
    found = []
    if user.has_perm(workflow.CHANGE):
        found.append(_mine(user))
        found += _unsaved(user)
    if user.has_perm(workflow.PUBLISH):
        found.append(_stories("Waiting for review", _newest(status=Status.IN_REVIEW), "Nothing waits."))
        found.append(_scheduled())
        found += _overdue()
        found += _refused()
        found += _rights()
    if user.has_perm("comments.view_comment"):
        found.append(_comments())
    if user.has_perm("django_tasks_database.view_dbtaskresult"):
        found += _failed()
    return found


def _mine(user: User) -> Panel:
    # Asked by status: of two at once a database may think that walking through all stories finds some sooner.
    newest = [story for status in workflow.UNPUBLISHED for story in _newest(status=status, created_by=user)]
    newest.sort(key=lambda story: (story.modified_at, story.pk), reverse=True)
    return _stories("Mine", newest[:SHOWN], "No drafts of yours.")


def _newest(**which: Any) -> QuerySet[Article]:
    return Article.objects.filter(**which).only("headline", "modified_at").order_by("-modified_at", "-pk")[:SHOWN]


def _stories(heading: str, newest: Iterable[Article], nothing: str) -> Panel:
    return Panel(heading, [(_change(story), story.headline, _told(story.modified_at)) for story in newest], nothing)


def _scheduled() -> Panel:
    coming = Article.objects.scheduled()
    rows = coming.only("headline", "publish_at").order_by("publish_at", "pk")[:SHOWN]
    waiting = NextVersion.objects.filter(due_at__isnull=False).prefetch_related("article", "version")
    due = [(story.publish_at, _change(story), story.headline) for story in rows] + [
        (later.due_at, f"{_change(later.article)}?next=yes", f"{later.version.headline} (next version)")
        for later in waiting.order_by("due_at", "pk")[:SHOWN]
    ]
    return Panel(
        "Scheduled next",
        [(url, words, _told(moment)) for moment, url, words in sorted(due)[:SHOWN]],
        "Nothing is scheduled.",
    )


def _overdue() -> list[Panel]:
    """What was to be out by now, and is a draft or in review still."""
    rows = backlog.late_stories().only("headline", "status", "publish_at").order_by("publish_at", "pk")[:SHOWN]
    told = [(_change(story), story.headline, f"{story.state_label()}, for {_told(story.publish_at)}") for story in rows]
    return [Panel("Past their time and not out", told, is_alarm=True)] if told else []


def _unsaved(user: User) -> list[Panel]:
    """What this person has typed and not saved, in which story, or in none yet."""
    copies = list(Autosave.objects.filter(user=user)[:SHOWN])
    known = set(Article.objects.filter(pk__in=[copy.story for copy in copies]).values_list("pk", flat=True))
    rows = []
    for copy in copies:
        name, args = ("change", [copy.story]) if copy.story in known else ("add", [])
        url = reverse(f"admin:articles_article_{name}", args=args)
        rows.append((f"{url}?unsaved={copy.pk}", copy.headline or "Without a headline", _told(copy.saved_at)))
    return [Panel("Typed and not saved", rows)] if rows else []


def _refused() -> list[Panel]:
    refused = NextVersion.objects.exclude(refusal="").prefetch_related("article").order_by("-kept_at")
    rows = [(_change(later.article), later.article.headline, later.refusal) for later in refused[:SHOWN]]
    return [Panel("Next versions that cannot go live", rows, is_alarm=True)] if rows else []


def _rights() -> list[Panel]:
    ending = Image.objects.rights_end_before(timezone.localdate() + RIGHTS_END_SOON).order_by("rights_until", "pk")
    rows = [
        (reverse("admin:articles_image_change", args=[image.pk]), image.title, f"{image.rights_until:%-d %b %Y}")
        for image in ending.only("title", "rights_until")[:SHOWN]
    ]
    return [Panel("Rights that end or have ended", rows, is_alarm=True)] if rows else []


def _comments() -> Panel:
    url, numbers = reverse("admin:comments_comment_changelist"), counts()
    rows = [(f"{url}?view={view}", View(view).label, count) for view, count in numbers.items() if count != "0"]
    return Panel("Comments", rows, "All comments have been read.")


def _failed() -> list[Panel]:
    failed = backlog.failed_jobs().order_by("-finished_at")
    rows: list[tuple[str, str, str]] = [
        (
            reverse("admin:django_tasks_database_dbtaskresult_change", args=[job.pk]),
            job.task_path.rpartition(".")[2],
            _told(job.finished_at),
        )
        for job in failed[:SHOWN]
    ]
    return [Panel("Work that failed since yesterday", rows, is_alarm=True)] if rows else []


def _change(article: Article) -> str:
    return reverse("admin:articles_article_change", args=[article.pk])


def _told(moment: datetime.datetime | None) -> str:
    return f"{timezone.localtime(moment):%a %-d %b, %H:%M}" if moment else ""


def context(user: Any) -> dict[str, Any]:
    return {"panels": panels(user)}
