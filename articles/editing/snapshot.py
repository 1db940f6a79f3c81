"""A story's content as plain data, and back: what a version holds, what is compared and merged."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from articles import editions
from articles.models.article import Article
from articles.models.contributor import Byline, Contributor
from articles.models.image import Image
from articles.models.section import Section
from articles.models.version import SCHEMA, Version

Snapshot = dict[str, Any]

#: In the order in which a desk reads them, with what it calls them.
LABELS = {
    "headline": "headline",
    "short_headline": "short headline",
    "standfirst": "standfirst",
    "body": "text",
    "lead_image": "lead picture",
    "section": "section",
    "kind": "kind",
    "tags": "tags",
    "bylines": "bylines",
    "dateline": "dateline",
    "slug": "address",
    "search_title": "title for search engines",
    "search_description": "description for search engines",
    "publish_at": "publication time",
    "embargo_until": "embargo",
}
PLAIN = (
    "headline", "short_headline", "standfirst", "body", "kind", "dateline", "slug", "search_title", "search_description",
)  # fmt: skip

#: From the schema of the key to the next: what an old snapshot lacks or says otherwise.
UPGRADES: dict[int, Callable[[Snapshot], Snapshot]] = {
    1: lambda old: old | {"embargo_until": None},
    2: lambda old: old | {"search_title": "", "search_description": ""},
}


def take(article: Article) -> Snapshot:
    """What the story is now, bylines and tags as the database has them."""
    snapshot: Snapshot = {name: getattr(article, name) for name in PLAIN}
    return snapshot | {
        "lead_image": article.lead_image_id,
        "section": article.section_id,
        "publish_at": told(article.publish_at),
        "embargo_until": told(article.embargo_until),
        "tags": sorted(article.tagged.values_list("tag__name", flat=True)),
        "bylines": [list(pair) for pair in article.bylines.order_by("order", "pk").values_list("contributor", "role")],
    }


def told(moment: datetime.datetime | None) -> str | None:
    return moment.astimezone(datetime.UTC).isoformat() if moment else None


def opened(version: Version) -> Snapshot:
    """The snapshot of a version, whichever schema it was written in."""
    snapshot = version.content | {"body": version.text.text}
    for schema in range(version.schema, SCHEMA):
        snapshot = UPGRADES[schema](snapshot)
    return snapshot


def put(article: Article, snapshot: Snapshot) -> None:
    """Give the story this content and save it. What no longer exists (a section, a picture, a contributor) is left out."""
    for name in PLAIN:
        setattr(article, name, snapshot[name])
    article.lead_image = Image.objects.filter(pk=snapshot["lead_image"]).first()
    article.section = Section.objects.filter(pk=snapshot["section"]).first() or article.section
    article.publish_at = parse_datetime(snapshot["publish_at"]) if snapshot["publish_at"] else None
    article.embargo_until = parse_datetime(snapshot["embargo_until"]) if snapshot["embargo_until"] else None
    with transaction.atomic(), editions.touching(*article.shown_on()):
        article.save()
        article.tags.set(snapshot["tags"])
        known = set(
            Contributor.objects.filter(pk__in=[pk for pk, _ in snapshot["bylines"]]).values_list("pk", flat=True)
        )
        wanted = [(pk, role) for pk, role in snapshot["bylines"] if pk in known]
        # Rows that are right already keep their numbers: forms that are open name them.
        if list(article.bylines.order_by("order", "pk").values_list("contributor", "role")) != wanted:
            article.bylines.all().delete()
            for order, (contributor, role) in enumerate(wanted):
                Byline.objects.create(article=article, contributor_id=contributor, role=role, order=order)
        article.list_bylines()
