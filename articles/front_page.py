"""What stands on the front page: what an editor has put there, then the newest stories, then a rail for each section.

No story stands there twice; a slot that nobody has filled, or whose time is over, falls to the latest by rule.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from articles.bylines import bring_bylines
from articles.models import Article, FrontPageStory, Section
from articles.models.article import ArticleQuerySet
from articles.models.front_page import Slot
from articles.prepared import Prepared

SECONDARY, LATEST, RAIL = 4, 8, 4


@dataclass(frozen=True)
class Rail:
    section: Section
    articles: list[Article]


@dataclass(frozen=True)
class FrontPage:
    lead: Article | None
    secondary: list[Article]
    latest: list[Article]
    rails: list[Rail]


@dataclass
class _ByHand:
    """Keys of stories, in order; each story once, in the first of its slots."""

    lead: list[int]
    secondary: list[int]
    rails: dict[int, list[int]]

    @property
    def keys(self) -> list[int]:
        return [*self.lead, *self.secondary, *(pk for pks in self.rails.values() for pk in pks)]


def compose(now: datetime.datetime | None = None) -> FrontPage:
    """The front page of a moment, in a fixed number of queries however many stories and sections there are."""
    now = now or timezone.now()
    by_hand = _by_hand(now)
    free = 1 - len(by_hand.lead) + SECONDARY - len(by_hand.secondary) + LATEST
    top = _newest(_room_for(by_hand.keys))(now=now, taken=by_hand.keys)[:free]
    rails, articles = _rails(now, by_hand, excluding=[article.pk for article in top])
    bring_bylines([*top, *articles.values()])
    placed = [articles[pk] for pk in by_hand.lead if pk in articles]
    # A lead without a picture would leave the page without a face: the newest that has one leads.
    lead = placed[0] if placed else next((story for story in top if story.lead_image_id), top[0] if top else None)
    others = [article for article in top if article is not lead]
    secondary = [articles[pk] for pk in by_hand.secondary if pk in articles]
    room = SECONDARY - len(secondary)
    return FrontPage(lead, secondary + others[:room], others[room:], rails)


def _by_hand(now: datetime.datetime) -> _ByHand:
    found = _ByHand([], [], {})
    seen: set[int] = set()
    # Lead, secondary, rail: the order of the page is the order of the alphabet only by chance.
    order = {slot: number for number, slot in enumerate(Slot.values)}
    for slot, section, article in sorted(_placed(now=now), key=lambda row: order[row[0]]):
        match slot:
            case Slot.LEAD:
                places, size = found.lead, 1
            case Slot.SECONDARY:
                places, size = found.secondary, SECONDARY
            case _:
                places, size = found.rails.setdefault(section, []), RAIL
        if article not in seen and len(places) < size:
            places.append(article)
            seen.add(article)
    return found


def _rails(now: datetime.datetime, by_hand: _ByHand, excluding: list[int]) -> tuple[list[Rail], dict[int, Article]]:
    taken = [*excluding, *by_hand.keys]
    chosen: dict[Section, list[int]] = {}
    for section in _sections(_room_for(taken))(now=now, taken=taken):
        by_rule = [pk for n in range(RAIL) if (pk := getattr(section, f"place_{n}"))]
        chosen[section] = [*by_hand.rails.get(section.pk, []), *by_rule][:RAIL]
    keys = list({pk for pks in chosen.values() for pk in pks}.union(by_hand.keys))
    articles = {article.pk: article for article in _stories(_room_for(keys))(keys=keys)} if keys else {}
    rails = [Rail(section, [articles[pk] for pk in pks if pk in articles]) for section, pks in chosen.items() if pks]
    return rails, articles


# --- Its queries, each prepared for lists of some lengths --------------------------------------------------------------


def _room_for(keys: list[int]) -> int:
    """The length of a list that these fit in: one of few, so that few queries are prepared."""
    return max(16, 1 << (len(keys) - 1).bit_length())


_placed = Prepared(
    lambda now: (
        FrontPageStory.objects.running(now)
        .filter(Exists(Article.objects.public(now).filter(pk=OuterRef("article"))))
        .order_by("order", "pk")
        .values_list("slot", "section", "article")
    ),
    now=datetime.datetime,
)


@cache
def _newest(room: int) -> Prepared:
    def build(now: datetime.datetime, taken: list[int]) -> ArticleQuerySet:
        newest = Article.objects.public(now).for_cards().exclude(pk__in=taken).newest_first()
        return newest[: 1 + SECONDARY + LATEST]

    return Prepared(build, now=datetime.datetime, taken=(int, room))


@cache
def _sections(room: int) -> Prepared:
    def build(now: datetime.datetime, taken: list[int]) -> QuerySet[Section]:
        # One look-up in the section's index for each place of a rail: it stays as small with a million stories, where a
        # window function would number them all.
        in_section = Article.objects.public(now).filter(section=OuterRef("pk")).exclude(pk__in=taken).newest_first()
        return Section.objects.annotate(
            **{f"place_{n}": Subquery(in_section.values("pk")[n : n + 1]) for n in range(RAIL)}
        )

    return Prepared(build, now=datetime.datetime, taken=(int, room))


@cache
def _stories(room: int) -> Prepared:
    return Prepared(lambda keys: Article.objects.for_cards().filter(pk__in=keys), keys=(int, room))
