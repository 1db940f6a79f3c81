"""A story's content as plain data, and back: what a version holds, what is compared and merged."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from articles.caching import editions
from articles.models.contributor import Byline, Contributor
from articles.models.image import Image
from articles.models.section import Section
from articles.models.tag import Tag
from articles.models.version import SCHEMA, Version
from articles.workflow import Status

if TYPE_CHECKING:
    from articles.models.article import Article

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
MOMENTS = ("publish_at", "embargo_until")

#: From the schema of the key to the next: what an old snapshot lacks or says otherwise.
UPGRADES: dict[int, Callable[[Snapshot], Snapshot]] = {
    1: lambda old: old | {"embargo_until": None},
    2: lambda old: old | {"search_title": "", "search_description": ""},
}


#: Beside the names of tags, which are what is shown and compared: their numbers, {name: number}, which outlive a renaming.
#: A name that was newly typed has none yet, and older versions have none at all.
TAG_NUMBERS = "tag_numbers"


def take(article: Article) -> Snapshot:
    """What the story is now, bylines and tags as the database has them."""
    snapshot: Snapshot = {name: getattr(article, name) for name in PLAIN}
    tags = dict(article.tagged.values_list("tag__name", "tag"))
    return snapshot | {
        TAG_NUMBERS: tags,
        "lead_image": article.lead_image_id,
        "section": article.section_id,
        "publish_at": told(article.publish_at),
        "embargo_until": told(article.embargo_until),
        "tags": sorted(tags),
        "bylines": [list(pair) for pair in article.bylines.order_by("order", "pk").values_list("contributor", "role")],
    }


def told(moment: datetime.datetime | None) -> str | None:
    """In UTC and to the second, as forms have it: nobody has changed the rest of a time."""
    return moment.astimezone(datetime.UTC).replace(microsecond=0).isoformat() if moment else None


def opened(version: Version) -> Snapshot:
    """The snapshot of a version, whichever schema it was written in."""
    snapshot = version.content | {"body": version.text.text}
    for schema in range(version.schema, SCHEMA):
        snapshot = UPGRADES[schema](snapshot)
    # Those that were taken before times were kept to the second have more.
    return snapshot | {name: told(parse_datetime(snapshot[name])) for name in MOMENTS if snapshot[name]}


def is_same(one: Snapshot, other: Snapshot) -> bool:
    return all(one[name] == other[name] for name in LABELS)


def tags_in(snapshot: Snapshot) -> tuple[list[Tag], list[str]]:
    """The tags that a snapshot names, whatever they are called by now, and those of its names that no tag has had.

    Of a version from before tags were kept with their numbers, these may be tags that have gone.
    """
    numbers = {name: pk for name, pk in snapshot.get(TAG_NUMBERS, {}).items() if name in snapshot["tags"]}
    known = Tag.objects.in_bulk(numbers.values())
    named = {tag.name: tag for tag in Tag.objects.filter(name__in=snapshot["tags"])}
    found = {name: known.get(numbers.get(name, 0)) or named.get(name) for name in snapshot["tags"]}
    new = [name for name, tag in found.items() if tag is None and name not in numbers]
    return list(dict.fromkeys(filter(None, found.values()))), new


def fill(article: Article, snapshot: Snapshot) -> list[Byline]:
    """Give a story this content and save nothing: its fields, and its bylines to come, which are returned in their order.

    What no longer exists (a section, a picture, a contributor) is left out. Tags are for the caller: see `tags_in`.
    """
    for name in PLAIN:
        setattr(article, name, snapshot[name])
    article.lead_image = Image.objects.filter(pk=snapshot["lead_image"]).first()
    article.section = Section.objects.filter(pk=snapshot["section"]).first()
    for name in MOMENTS:
        if told(getattr(article, name)) != snapshot[name]:
            setattr(article, name, parse_datetime(snapshot[name]) if snapshot[name] else None)
    people = Contributor.objects.in_bulk([pk for pk, _ in snapshot["bylines"]])
    named = [(people[pk], role) for pk, role in snapshot["bylines"] if pk in people]
    return [
        Byline(article=article, contributor=person, role=role, order=order)
        for order, (person, role) in enumerate(named)
    ]


def put(article: Article, snapshot: Snapshot, *, makes_tags: bool = False) -> None:
    """Give the story this content and save it, as `fill` does. Tags that no longer exist are left out, but `makes_tags` makes
    those that were newly typed. A section that has gone changes nothing; a published story is never without one.
    """  # fmt: skip
    section = article.section_id
    wanted = fill(article, snapshot)
    if article.section is None and (snapshot["section"] is not None or article.status == Status.PUBLISHED):
        article.section_id = section
    with transaction.atomic(), editions.touching(*article.shown_on()):
        article.save()
        tags, new = tags_in(snapshot)
        article.tags.set([*tags, *new] if makes_tags else tags)
        # Rows that are right already keep their numbers: forms that are open name them.
        there = article.bylines.order_by("order", "pk").values_list("contributor", "role")
        if list(there) != [(byline.contributor_id, byline.role) for byline in wanted]:
            article.bylines.all().delete()
            for byline in wanted:
                byline.save()
        article.list_bylines()
