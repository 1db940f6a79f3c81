"""When pages change by themselves: a story is scheduled, a place on the front page ends, an advert's turn is over."""

from __future__ import annotations

import datetime

from django.db.models import Min, Q

from adverts.models import Booking
from adverts.rotation import next_turn
from articles.caching import editions
from articles.models import Article, Banner, FrontPageStory, NextVersion, RankedStory
from articles.models.ranked import STALE

_known: dict[object, tuple[datetime.datetime, datetime.datetime | None]] = {}


def next_change(now: datetime.datetime, site_number: object = None) -> datetime.datetime | None:
    """The first moment after `now` from which some page shows something else; None: nothing is planned.

    `site_number`: how often the SITE has been touched. Whoever plans something touches it, so until then, and until the moment
    itself, the answer that was found under this number holds.
    """
    if site_number is not None and (found := _known.get(site_number)):
        asked_at, moment = found
        if asked_at <= now and (moment is None or now < moment):
            return moment
    moment = editions.first(_moments(now), after=now)
    if site_number is not None:
        _known.clear()
        _known[site_number] = now, moment
    return moment


def _moments(now: datetime.datetime):
    planned = Article.objects.scheduled(now)
    yield planned.order_by("publish_at", "pk").values_list("publish_at", flat=True).first()
    yield NextVersion.objects.filter(due_at__gt=now).aggregate(first=Min("due_at"))["first"]
    for places in (FrontPageStory, Banner, Booking):
        not_over = places._default_manager.filter(Q(ends_at__gt=now) | Q(ends_at=None))
        yield not_over.filter(starts_at__gt=now).aggregate(first=Min("starts_at"))["first"]
        yield not_over.aggregate(first=Min("ends_at"))["first"]
    running = Booking.objects.running(now)
    yield next_turn(now) if len(running.values("pk")[:2]) > 1 else None
    made_at = RankedStory.objects.filter(made_at__gt=now - STALE).aggregate(first=Min("made_at"))["first"]
    yield made_at + STALE if made_at else None
