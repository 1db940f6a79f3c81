"""Fill the database: the cast first, then stories from the oldest on with their talk, then what is made of them all."""

from __future__ import annotations

import datetime
import io
import random
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone

from articles.models import (
    Article,
    Colour,
    Contributor,
    Image,
    Reads,
    Section,
    SitemapMonth,
    Tag,
    Text,
    Version,
    make_slug,
)
from articles.reads import most_read
from articles.related import relate
from articles.search import spelling
from comments import most_discussed
from comments.models import Comment
from newsportal.demo.drawing import draw
from newsportal.filling.batches import BATCH, Batch, Batches, made_apart
from newsportal.filling.language import Language
from newsportal.filling.rows import reserve, roomy
from newsportal.filling.set_aside import set_aside
from newsportal.filling.stories import Cast, Stories, nothing_taken, taken_on
from newsportal.filling.talk import Talk, settle

SECTIONS = (
    "World", "Politics", "Business", "Sport", "Culture", "Science", "Opinion", "Health", "Travel", "Education", "Weather",
    "Obituaries",
)  # fmt: skip
PICTURES = ("harbour/fill", "bridge/fill", "market/fill", "lighthouse/fill")
#: How many batches are in one transaction where nobody works yet; else one, so that nobody at the desk has to wait long.
TOGETHER = 10
#: From so many stories and comments on an empty newspaper is filled by two processes, and without the indexes that can wait.
LARGE = 20_000
#: Rows of an index from which SQLite tells how many have the same value.
LOOKED_AT = 100_000
#: Of the newest stories it is known what goes with them, and how they were read.
FRESH = 100

Progress = Callable[[int], object]


class Filling:
    """One filling: as many `articles` and `comments`; the same `seed` gives the same on an empty database.

    Stories are written in batches, each whole, so that memory does not grow with them. What is broken off leaves whole stories
    behind; `finish()` is what `write()` would have ended with, and `comment_recount --fix` tells the guests' standing.
    """  # fmt: skip

    def __init__(self, *, articles: int, comments: int, seed: int = 0, now: datetime.datetime | None = None) -> None:
        self.now = (now or timezone.now()).astimezone(datetime.UTC).replace(microsecond=0)
        self.articles, self.comments = articles, comments
        self.is_first = not Article.objects.exists() and not Comment.objects.exists()
        self.is_large = self.is_first and articles + comments >= LARGE
        self.seed = f"{seed} {Article.objects.count()}"
        self.chance = random.Random(self.seed)

    def write(self, progress: Progress = lambda rows: None) -> None:
        """`progress` is told how many stories and comments have been stored, batch by batch."""
        with roomy():
            with set_aside() if self.is_large else nullcontext():
                self._write(progress)
            self.finish()

    def _write(self, progress: Progress) -> None:
        batches = self._batches()
        together: list[Batch] = []
        for batch in made_apart(batches) if self.is_large else batches:
            together.append(batch)
            if len(together) >= (TOGETHER if self.is_large else 1) or not batch.size:
                _store(together)
                progress(sum(batch.size for batch in together))
                together = []

    def _batches(self) -> Batches:
        language = Language(self.seed)
        with transaction.atomic():
            talk = Talk(language, seed=self.seed, expected=self.comments, now=self.now)
            talk.welcome(self.comments)
            stories = Stories(
                language, self._cast(language), seed=self.seed, expected=self.articles, now=self.now,
                texts=reserve(Text, self.articles), versions=reserve(Version, 2 * self.articles),
                taken_on=nothing_taken if self.is_first else taken_on,
            )  # fmt: skip
            return Batches(
                stories, talk, seed=self.seed, now=self.now,
                numbers=reserve(Article, self.articles), of_comments=reserve(Comment, self.comments),
            )  # fmt: skip

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
        chance = random.Random(f"{self.seed} reads")
        hour = self.now.replace(minute=0, second=0)
        for ago in range(0, 7 * 24, 8):
            at = hour - datetime.timedelta(hours=ago)
            counts = {
                story.pk: 1 + int(400 * chance.random() ** 4 / (1 + n / 40))
                for n, story in enumerate(newest)
                if story.publish_at is not None and story.publish_at <= at
            }
            Reads.objects.add(counts, at=at)


def _store(batches: list[Batch]) -> None:
    with transaction.atomic():
        for batch in batches:
            for stored in batch.rows:
                stored.write()
            if batch.said:
                spelling.learn(batch.said)
            settle(batch.standing)


def analyse() -> None:
    """Have the database look at what it holds: its plans depend on it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # https://sqlite.org/pragma.html#pragma_analysis_limit: to look at all of ten million comments takes a quarter of an
            # hour, and tells plans nothing more.
            cursor.execute(f"PRAGMA analysis_limit = {LOOKED_AT}")
        # What has just been written is marked as seen by all, too: else the first readers of PostgreSQL's pages do it.
        alone = connection.vendor == "postgresql" and not connection.in_atomic_block
        cursor.execute("VACUUM ANALYZE" if alone else "ANALYZE")


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
