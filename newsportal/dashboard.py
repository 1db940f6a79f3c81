"""The first page of the desk: what waits for whom who has come in, and what is wrong."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from articles import workflow
from articles.models import Article, Image
from articles.workflow import Status
from comments.queue import View, counts

SHOWN = 8
RIGHTS_END_SOON = datetime.timedelta(days=7)
FAILED_WITHIN = datetime.timedelta(days=1)


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
        found.append(
            _stories(
                "Mine", Article.objects.filter(created_by=user, status__in=workflow.UNPUBLISHED), "No drafts of yours."
            )
        )
    if user.has_perm(workflow.PUBLISH):
        found.append(_stories("Waiting for review", Article.objects.filter(status=Status.IN_REVIEW), "Nothing waits."))
        found.append(_scheduled())
        found += _rights()
    if user.has_perm("comments.view_comment"):
        found.append(_comments())
    if user.is_superuser:
        found += _failed()
    return found


def _stories(heading: str, articles, nothing: str) -> Panel:
    newest = articles.only("headline", "modified_at").order_by("-modified_at", "-pk")[:SHOWN]
    return Panel(heading, [(_change(story), story.headline, _told(story.modified_at)) for story in newest], nothing)


def _scheduled() -> Panel:
    coming = Article.objects.filter(status=Status.PUBLISHED, publish_at__gt=timezone.now())
    rows = coming.only("headline", "publish_at").order_by("publish_at", "pk")[:SHOWN]
    return Panel(
        "Scheduled next",
        [(_change(story), story.headline, _told(story.publish_at)) for story in rows],
        "Nothing is scheduled.",
    )


def _rights() -> list[Panel]:
    ending = Image.objects.filter(rights_until__lt=timezone.localdate() + RIGHTS_END_SOON).order_by(
        "rights_until", "pk"
    )
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
    since = timezone.now() - FAILED_WITHIN
    failed = DBTaskResult.objects.filter(status=TaskResultStatus.FAILED, finished_at__gt=since).order_by("-finished_at")
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
    return {"panels": panels(user), "desk_zone": settings.TIME_ZONE}
