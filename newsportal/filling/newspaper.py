"""Fill the database: the cast first, then stories from the oldest on with their talk, then what is made of them all."""

from __future__ import annotations

import datetime
import io
import random
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone

from articles import most_read
from articles.models import Article, Colour, Contributor, Image, Reads, Section, SitemapMonth, Tag, make_slug
from articles.related import relate
from articles.workflow import Status
from comments import most_discussed
from comments.models import Comment
from newsportal.demo.drawing import draw
from newsportal.filling.language import Language
from newsportal.filling.rows import reserve, roomy
from newsportal.filling.stories import CORRECTED, UNPUBLISHED, WITHDRAWN, Cast, Plan, Stories
from newsportal.filling.talk import Talk

YEARS = datetime.timedelta(days=3_652)
AHEAD = datetime.timedelta(days=14)
SECTIONS = (
    "World", "Politics", "Business", "Sport", "Culture", "Science", "Opinion", "Health", "Travel", "Education", "Weather",
    "Obituaries",
)  # fmt: skip
PICTURES = ("harbour/fill", "bridge/fill", "market/fill", "lighthouse/fill")
#: In one transaction: few enough that nobody at the desk has to wait long.
BATCH = 500
#: What is younger is neither corrected nor taken back; how old what waits at the desk may be.
RECENT, AT_THE_DESK = datetime.timedelta(days=2), datetime.timedelta(days=200)
#: Of the newest stories it is known what goes with them, and how they were read.
FRESH = 100

Progress = Callable[[int], object]


class Filling:
    """One filling: as many `articles` and `comments`; the same `seed` gives the same on an empty database.

    Stories are written in batches, each whole and in a transaction of its own, so that memory does not grow with them. What is
    broken off leaves whole stories behind; `finish()` is what `write()` would have ended with, and `comment_recount --fix` tells
    the guests' standing.
    """

    def __init__(self, *, articles: int, comments: int, seed: int = 0, now: datetime.datetime | None = None) -> None:
        self.now = (now or timezone.now()).astimezone(datetime.UTC).replace(microsecond=0)
        self.articles, self.comments = articles, comments
        self.waiting, self.ahead = int(articles * UNPUBLISHED), min(50, articles // 100)
        self.out = articles - self.waiting - self.ahead
        self.seed = f"{seed} {Article.objects.count()}"
        self.chance = random.Random(self.seed)

    def write(self, progress: Progress = lambda rows: None) -> None:
        """`progress` is told how many stories and comments have been stored, batch by batch."""
        with roomy():
            self._write(progress)
            self.finish()

    def _write(self, progress: Progress) -> None:
        language = Language(self.seed)
        stories = Stories(language, self._cast(language), seed=self.seed, expected=self.articles, now=self.now)
        talk = Talk(language, seed=self.seed, expected=self.comments, now=self.now)
        with transaction.atomic():
            talk.welcome(self.comments)
        shares = iter(talk.shares(self.out, self.comments))
        plans = self._plans()
        while batch := list(islice(plans, BATCH)):
            counts = [next(shares) if plan.at <= self.now and plan.is_out else 0 for plan in batch]
            with transaction.atomic():
                numbers, of_comments = reserve(Article, len(batch)), iter(reserve(Comment, sum(counts)))
                visible = [
                    talk.under(pk, plan.at, list(islice(of_comments, count)))
                    for plan, pk, count in zip(batch, numbers, counts, strict=True)
                ]
                stories.write(batch, numbers, visible)
                talk.write()
            progress(len(batch) + sum(counts))
        with transaction.atomic():
            talk.settle()

    def finish(self) -> None:
        """What is made of all stories: the sitemaps' months, short lists, what the newest are related to, statistics."""
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO articles_fulltext (articles_fulltext) VALUES ('optimize')")
        analyse()
        SitemapMonth.objects.recount(fix=True)
        newest = list(
            Article.objects.public().newest_first().only("pk", "publish_at")[: min(FRESH, self.articles // 8)]
        )
        for article in reversed(newest):
            relate(article)
        self._reads(newest)
        for make_list in (most_read.every_few_minutes, most_read.every_hour, most_discussed.rank):
            make_list()
        analyse()

    # --- When, and what becomes of it ---------------------------------------------------------------------------------

    def _plans(self) -> Iterator[Plan]:
        """Oldest first, three times as many in the last year as in the first; then what is to come, and what waits at the desk."""
        some = self.chance.random
        for n in range(self.out):
            # The part of all stories up to a moment grows with the moment and with its square.
            part = ((1 + 8 * (n + some()) / self.out) ** 0.5 - 1) / 2
            at = min(self.now - YEARS * (1 - part), self.now).replace(microsecond=0)
            drawn = some() if at < self.now - RECENT else 1.0
            if drawn < WITHDRAWN:
                yield Plan(at, Status.WITHDRAWN)
            else:
                yield Plan(at, Status.PUBLISHED, is_corrected=drawn < WITHDRAWN + CORRECTED)
        for n in range(self.ahead):
            yield Plan((self.now + AHEAD * (n + 1) / self.ahead).replace(microsecond=0), Status.PUBLISHED)
        for n in range(self.waiting):
            at = (self.now - AT_THE_DESK * some()).replace(microsecond=0)
            yield Plan(at, Status.IN_REVIEW if n % 5 == 4 else Status.DRAFT)

    # --- Who and what -------------------------------------------------------------------------------------------------

    def _cast(self, language: Language) -> Cast:
        """What is there by the same name already is used, too."""
        chance, colours = self.chance, Colour.values
        sections = _named(
            Section,
            SECTIONS,
            lambda n, name: {"order": n, "colour": colours[n % len(colours)], "description": f"{name}."},
        )
        people = _names(language.name, chance, min(2_000, max(8, self.articles // 500)))
        subjects = _names(lambda chance: " ".join([*language.some(chance, 1), language.rare(chance)]), chance,
                          min(20_000, max(20, self.articles // 50)))  # fmt: skip
        images = [self._picture(spec) for spec in PICTURES]
        staff = list(User.objects.filter(is_staff=True).order_by("pk").values_list("pk", flat=True)[:20])
        return Cast(
            sections, _named(Contributor, people), _named(Tag, ["Lindhaven", *subjects]), images, staff or [None]
        )

    def _picture(self, spec: str) -> Image:
        if known := Image.objects.filter(title=spec).first():
            return known
        buffer = io.BytesIO()
        draw(spec, (960, 640)).save(buffer, "JPEG", quality=85)
        told = f"A {spec.partition('/')[0]}, printed in a few inks"
        return Image.ingest(
            ContentFile(buffer.getvalue(), name="fill.jpg"), title=spec, alt=told, credit="Drawn by program"
        )

    def _reads(self, newest: list[Article]) -> None:
        """Of a week: what came last is read most."""
        hour = self.now.replace(minute=0, second=0)
        for ago in range(0, 7 * 24, 8):
            at = hour - datetime.timedelta(hours=ago)
            counts = {
                story.pk: 1 + int(400 * self.chance.random() ** 4 / (1 + n / 40))
                for n, story in enumerate(newest)
                if story.publish_at is not None and story.publish_at <= at
            }
            Reads.objects.add(counts, at=at)


def analyse() -> None:
    """Have the database look at what it holds: its plans depend on it."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _names(made: Callable[[random.Random], str], chance: random.Random, count: int) -> list[str]:
    """So many names with slugs of their own."""
    by_slug: dict[str, str] = {}
    while len(by_slug) < count:
        name = made(chance)
        by_slug.setdefault(make_slug(name), name)
    by_slug.pop("", None)
    return list(by_slug.values())


def _named(
    model: type[Any], names: Iterable[str], fields: Callable[[int, str], dict] = lambda n, name: {}
) -> list[Any]:
    """The rows with these names, in their order: those that are missing are made."""
    by_slug = {make_slug(name): name for name in names}
    known: dict[str, Any] = {}
    slugs = list(by_slug)
    for first in range(0, len(slugs), BATCH):
        here = slugs[first : first + BATCH]
        known |= {row.slug: row for row in model._default_manager.filter(slug__in=here)}
        new = [
            model(name=by_slug[slug], slug=slug, **fields(first + n, by_slug[slug]))
            for n, slug in enumerate(here)
            if slug not in known
        ]
        known |= {row.slug: row for row in model._default_manager.bulk_create(new)}
    return [known[slug] for slug in slugs]
