"""WebSub: tell the hub which feeds have changed, so that their subscribers hear at once (www.w3.org/TR/websub/).

What changed is written down in the transaction that changed it, and told in the background a few seconds later, in one message
however much was saved meanwhile. A story that was scheduled is told in its own time by a job that waits for it.
"""

from __future__ import annotations

import datetime
import logging
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from django.conf import settings
from django.db.models import Model
from django.db.models.signals import post_delete, post_save, pre_delete
from django.dispatch import receiver
from django.utils import timezone
from django_tasks import task

from articles.http.attempts import LATER, try_again
from articles.http.outbound import post
from articles.lists import KINDS
from articles.models import Article
from articles.models.changed_feed import ChangedFeed
from articles.models.slug import Slugged

logger = logging.getLogger(__name__)

#: In seconds: changes within a WINDOW are told together, after transactions have had GRACE to be committed.
WINDOW, GRACE = 10, 5
TIMEOUT = 10
#: As many addresses go in one message.
TOPICS = 90

#: What a feed says of a story, apart from its bylines and tags.
SAID = (
    "headline",
    "standfirst",
    "dateline",
    "body_html",
    "kind",
    "lead_image_id",
    "section_id",
    "slug",
    "publish_at",
    "updated_at",
)


# --- What has changed -------------------------------------------------------------------------------------------------


def note(before: Article | None, after: Article) -> None:
    """A story was `before` and is `after`: to be called within its transaction."""
    if not settings.WEBSUB_HUB:
        return
    if _said(before) != _said(after):
        _changed(_places(before) | _places(after))
    if after.is_scheduled() and (before is None or before.listed_from() != after.listed_from()):
        assert after.publish_at is not None
        announce.using(run_after=after.publish_at).enqueue(after.pk, after.publish_at.isoformat())


def _said(article: Article | None) -> tuple | None:
    return tuple(getattr(article, name) for name in SAID) if article and article.is_public() else None


def _places(article: Article | None) -> set[str]:
    """The paths of all lists with feeds that a story stands in; none while it is not public."""
    if article is None or not article.is_public():
        return set()
    # By what the object at hand says: what it was before is asked about after it has been saved.
    return {"/", *(subject.get_absolute_url() for kind in KINDS for subject in kind.holding(article))}


def _changed(places: set[str]) -> None:
    if not places:
        return
    due = -(-(timezone.now().timestamp() + GRACE) // WINDOW) * WINDOW
    due_at = datetime.datetime.fromtimestamp(due, datetime.UTC)
    is_first = not ChangedFeed.objects.filter(due_at=due_at).exists()
    ChangedFeed.objects.bulk_create(
        [ChangedFeed(place=place, due_at=due_at) for place in sorted(places)], ignore_conflicts=True
    )
    if is_first:
        ping.using(run_after=due_at).enqueue()


def on_row(sender: type[Model], instance: Any, origin: Any = None, **kwargs: Any) -> None:
    """A story comes into a list, or goes from it."""
    kind = next(kind for kind in KINDS if kind.rows is sender)
    # A tag that goes takes a row from each of its stories: they are not read for that.
    if not settings.WEBSUB_HUB or kind.goes_along(origin):
        return
    if places := _places(getattr(instance, kind.story)):
        _changed(places | {getattr(instance, kind.name).get_absolute_url()})


def on_rows_gone(sender: type[Slugged], instance: Slugged, **kwargs: Any) -> None:
    """A list goes, and takes its rows along."""
    kind = next(kind for kind in KINDS if kind.model is sender)
    if settings.WEBSUB_HUB and kind.known().filter(pk=instance.pk).exists():
        _changed({"/", instance.get_absolute_url()})


@receiver(pre_delete, sender=Article)
def on_delete(instance: Article, **kwargs: Any) -> None:
    if settings.WEBSUB_HUB:
        _changed(_places(instance))


def connect() -> None:
    """Hear of what comes into the lists of each kind, and goes from them."""
    for kind in KINDS:
        if kind.rows:
            for signal in (post_save, post_delete):
                signal.connect(on_row, sender=kind.rows, dispatch_uid=f"websub {kind.name}")
        if kind.takes_rows_along:
            pre_delete.connect(on_rows_gone, sender=kind.model, dispatch_uid=f"websub {kind.name}")


# --- Telling it -------------------------------------------------------------------------------------------------------


@task
def announce(article: int, publish_at: str) -> None:
    """The time of a scheduled story has come, unless it was given another one since."""
    story = Article.objects.public().filter(pk=article).first()
    if story and story.publish_at and story.publish_at.isoformat() == publish_at:
        _changed(_places(story))


@task
def ping(attempt: int = 1) -> None:
    """Tell the hub of all that is due. It is told twice rather than never: a hub fetches, and compares."""
    from articles.feeds import feed_path
    from articles.syndication.formats import FORMATS

    due = dict(ChangedFeed.objects.filter(due_at__lte=timezone.now()).values_list("pk", "place"))
    if not due or not settings.WEBSUB_HUB:
        return
    topics = sorted({settings.SITE_URL + feed_path(place, format) for place in due.values() for format in FORMATS})
    try:
        for start in range(0, len(topics), TOPICS):
            batch = topics[start : start + TOPICS]
            # As PubSubHubbub 0.3, 7.1 had it and hubs still do: WebSub leaves this message to publisher and hub.
            post(settings.WEBSUB_HUB, [("hub.mode", "publish"), *(("hub.url", url) for url in batch)], timeout=TIMEOUT)
    except (OSError, HTTPException) as failure:
        status = failure.code if isinstance(failure, HTTPError) else None
        logger.warning("The hub was not told (%s).", status or type(failure).__name__)
        refused = status is not None and 400 <= status < 500 and status not in LATER
        if not refused and try_again(ping, attempt=attempt):
            return
    ChangedFeed.objects.filter(pk__in=due).delete()
