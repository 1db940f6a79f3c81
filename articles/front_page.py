"""What stands on the front page: what an editor has put there, then the newest stories, then a rail for each section.

No story stands there twice; a slot that nobody has filled, or whose time is over, falls to the latest by rule.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Exists, JSONField, OuterRef, QuerySet, Subquery
from django.utils import timezone

from articles.bylines import bring_bylines
from articles.caching.planned import Planned
from articles.caching.prepared import Prepared, Row
from articles.models import Article, FrontPageStory, Section
from articles.models.article_queryset import ArticleQuerySet
from articles.models.front_page import Slot
from articles.paging import Story

SECONDARY, LATEST, RAIL = 4, 8, 4
SIZES: dict[str, int] = {Slot.LEAD: 1, Slot.SECONDARY: SECONDARY, Slot.RAIL: RAIL}
#: What is placed by hand: a slot, the key of its section, the key of the story, and whatever else a caller knows it by.
Placed = TypeVar("Placed", bound=tuple[Any, ...])


@dataclass(frozen=True)
class Rail(Generic[Story]):
    section: Any
    articles: list[Story]


@dataclass(frozen=True)
class FrontPage(Generic[Story]):
    lead: Story | None
    secondary: list[Story]
    latest: list[Story]
    rails: list[Rail[Story]]


@dataclass
class _ByHand:
    """Keys of stories, in order; each story once, in the first of its slots."""

    lead: list[int]
    secondary: list[int]
    rails: dict[int, list[int]]

    @property
    def keys(self) -> list[int]:
        return [*self.lead, *self.secondary, *(pk for pks in self.rails.values() for pk in pks)]


def compose(now: datetime.datetime | None = None) -> FrontPage[Row]:
    """The front page of a moment, in a fixed number of queries however many stories and sections there are.

    Of rows: most of the page has been made before, and only what has changed wants to know more (articles.caching.pieces).
    """
    now = now or timezone.now()
    by_hand = _by_hand(now)
    free = 1 - len(by_hand.lead) + SECONDARY - len(by_hand.secondary) + LATEST
    top = _newest.rows(now=now, taken=by_hand.keys)[:free]
    rails, stories = _rails(now, by_hand, excluding=[story.pk for story in top])
    bring_bylines([*top, *stories.values()])
    placed = [stories[pk] for pk in by_hand.lead if pk in stories]
    # A lead without a picture would leave the page without a face: the newest that has one leads.
    lead = placed[0] if placed else next((story for story in top if story["lead_image_id"]), top[0] if top else None)
    others = [story for story in top if story is not lead]
    secondary = [stories[pk] for pk in by_hand.secondary if pk in stories]
    room = SECONDARY - len(secondary)
    return FrontPage(lead, secondary + others[:room], others[room:], rails)


def with_a_place(rows: Iterable[Placed]) -> Iterator[Placed]:
    """Of rows that run and whose stories are public, in their order, those that readers see: each story in the first of its
    slots, and as many as a slot has places for."""
    seen: set[int] = set()
    taken: Counter[tuple[str, int | None]] = Counter()
    # Lead, secondary, rail: the order of the page is the order of the alphabet only by chance.
    order = {slot: number for number, slot in enumerate(Slot.values)}
    for row in sorted(rows, key=lambda row: order[row[0]]):
        slot, section, article, *_ = row
        if article not in seen and taken[slot, section] < SIZES[slot]:
            seen.add(article)
            taken[slot, section] += 1
            yield row


def _by_hand(now: datetime.datetime) -> _ByHand:
    found = _ByHand([], [], {})
    if not _any_placed(now):
        return found
    for slot, section, article in with_a_place(_placed(now=now)):
        match slot:
            case Slot.LEAD:
                found.lead.append(article)
            case Slot.SECONDARY:
                found.secondary.append(article)
            case _:
                found.rails.setdefault(section, []).append(article)
    return found


def _rails(now: datetime.datetime, by_hand: _ByHand, excluding: list[int]) -> tuple[list[Rail[Row]], dict[int, Row]]:
    chosen: list[tuple[Row, list[int]]] = []
    for section in _sections.rows(now=now, taken=[*excluding, *by_hand.keys]):
        by_rule = section["newest"] or []
        chosen.append((section, [*by_hand.rails.get(section.pk, []), *by_rule][:RAIL]))
    keys = list({pk for _, pks in chosen for pk in pks}.union(by_hand.keys))
    stories = {story.pk: story for story in _stories.rows(keys=keys)} if keys else {}
    rails = [Rail(section, [stories[pk] for pk in pks if pk in stories]) for section, pks in chosen if pks]
    return rails, stories


# --- Its queries -------------------------------------------------------------------------------------------------------


def _newest_but(now: datetime.datetime, taken: list[int]) -> ArticleQuerySet:
    newest = Article.objects.public(now).for_cards().exclude(pk__in=taken).newest_first()
    return newest[: 1 + SECONDARY + LATEST]


class _Keys(Subquery):
    """The keys that a query finds, in its order: a list, or None where it finds nothing."""

    template = "(SELECT json_group_array(found.pk) FROM (%(subquery)s) AS found)"
    output_field = JSONField()

    def as_postgresql(self, compiler, connection):
        return self.as_sql(compiler, connection, template=self.template.replace("json_group_array", "jsonb_agg"))


def _sections_with_newest(now: datetime.datetime, taken: list[int]) -> QuerySet[Section]:
    # The beginning of a range of the section's index: it stays as short with a million stories, where a window function would
    # number them all.
    in_section = Article.objects.public(now).filter(section=OuterRef("pk")).exclude(pk__in=taken).newest_first()
    return Section.objects.annotate(newest=_Keys(in_section.values("pk")[:RAIL]))


_any_placed = Planned(
    Prepared(
        lambda now: FrontPageStory.objects.running(now).order_by("pk").values_list("pk")[:1], now=datetime.datetime
    )
)
#: Of stories that are public, which may change without anything else on the page.
_placed = Prepared(
    lambda now: (
        FrontPageStory.objects.running(now)
        .filter(Exists(Article.objects.public(now).filter(pk=OuterRef("article"))))
        .order_by("order", "pk")
        .values_list("slot", "section", "article")
    ),
    now=datetime.datetime,
)
_newest = Prepared(_newest_but, now=datetime.datetime, taken=list[int])
_sections = Prepared(_sections_with_newest, now=datetime.datetime, taken=list[int])
_stories = Prepared(lambda keys: Article.objects.for_cards().filter(pk__in=keys), keys=list[int])
