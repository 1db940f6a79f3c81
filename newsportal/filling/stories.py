"""Stories with all that hangs on them: bylines, tags, pictures, versions, moves, what search knows of them."""

from __future__ import annotations

import bisect
import datetime
import hashlib
import itertools
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.utils import timezone

from articles import newsroom_time
from articles.body.text import WORDS_A_MINUTE
from articles.editing.snapshot import told
from articles.models import (
    Article,
    Byline,
    Contributor,
    Correction,
    Image,
    PreviousSlug,
    SearchEntry,
    Section,
    StatusChange,
    Tag,
    TaggedArticle,
    Text,
    Version,
    make_slug,
)
from articles.models.version import Kind as VersionKind
from articles.search import entries
from articles.workflow import Status
from newsportal.filling.language import Block, Language
from newsportal.filling.rows import Stored, Table

#: What of all stories has the commonest tag.
COMMON_TAG = 0.3
WITHDRAWN, CORRECTED, UNPUBLISHED = 0.003, 0.005, 0.005
KINDS = [*[Article.Kind.NEWS] * 12, *Article.Kind.values]


class Cast(NamedTuple):
    """Who and what stories are of: sections, contributors and tags, the common ones first."""

    sections: Sequence[Section]
    contributors: Sequence[Contributor]
    tags: Sequence[Tag]
    images: Sequence[Image]
    staff: Sequence[int | None]


class Plan(NamedTuple):
    """A story that is to be written: its time (of its draft, where it is not published), and what becomes of it."""

    at: datetime.datetime
    status: Status
    is_corrected: bool = False

    @property
    def is_out(self) -> bool:
        """Readers see it at its time, or did."""
        return self.status in (Status.PUBLISHED, Status.WITHDRAWN)


class Zipf:
    """Draws a place from 0 on, the first the oftenest."""

    def __init__(self, count: int) -> None:
        self.weights = list(itertools.accumulate(1 / place for place in range(1, count + 1)))

    def draw(self, chance: random.Random) -> int:
        return min(bisect.bisect(self.weights, chance.random() * self.weights[-1]), len(self.weights) - 1)


def nothing_taken(day: datetime.date) -> set[str]:
    return set()


def taken_on(day: datetime.date) -> set[str]:
    """The slugs of the stories of a day, and those that lead to them."""
    return {
        *Article.objects.filter(published_on=day).values_list("slug", flat=True),
        *PreviousSlug.objects.filter(published_on=day).values_list("slug", flat=True),
    }


class Stories:
    """`expected`: how many stories there will be in all. `taken_on`: the slugs that a day has already. `texts` and `versions`:
    numbers for rows, for each story one of a text and up to two of versions.
    """  # fmt: skip

    def __init__(
        self, language: Language, cast: Cast, *, seed: str, expected: int, now: datetime.datetime,
        texts: range, versions: range, taken_on: Callable[[datetime.date], set[str]] = nothing_taken,
    ) -> None:  # fmt: skip
        self.taken_on, self.text_numbers, self.version_numbers = taken_on, iter(texts), iter(versions)
        self.chance, self.language, self.cast, self.now = random.Random(f"{seed} stories"), language, cast, now
        self.blocks = [language.block(self.chance) for _ in range(min(6_000, max(100, expected // 4)))]
        self.figures = [
            Block.of(f'<figure data-image="{image.pk}"><figcaption></figcaption></figure>', {image.pk: image})
            for image in cast.images
        ]
        self.section, self.tag = Zipf(len(cast.sections)), Zipf(len(cast.tags) - 1)
        self.contributor = Zipf(len(cast.contributors))
        self.known: set[str] = set()
        self.day: datetime.date | None = None
        self.taken: set[str] = set()
        self.zone = newsroom_time.zone()
        self.articles = Table(
            Article, "id", "headline", "slug", "kind", "section_id", "dateline", "standfirst", "lead_image_id", "body",
            "body_html", "reading_minutes", "comment_count", "version", "status", "publish_at", "published_on", "updated_at",
            "withdrawn_at", "withdrawal_note", "created_by_id", "created_at", "modified_at",
        )  # fmt: skip
        self.bylines = Table(Byline, "article_id", "contributor_id", "role", "order", "publish_at")
        self.tagged = Table(TaggedArticle, "tag_id", "article_id", "publish_at")
        self.pictures = Table(Article.body_images.through, "article_id", "image_id")
        self.texts = Table(Text, "id", "digest", "text")
        self.versions = Table(
            Version, "id", "article_id", "story", "number", "parent_id", "kind", "reason", "made_at", "public_from",
            "content", "text_id",
        )  # fmt: skip
        self.moves = Table(StatusChange, "article_id", "story", "from_status", "to_status", "made_at", "note")
        self.corrections = Table(Correction, "article_id", "kind", "text", "made_at")
        self.found = Table(
            SearchEntry, "article_id", "key", "headline", "standfirst", "names", "digest", "rules", "words"
        )
        self.tables = [
            self.articles, self.bylines, self.tagged, self.pictures, self.texts, self.versions, self.moves,
            self.corrections, self.found,
        ]  # fmt: skip
        self.said: set[str] = set()

    def batch(
        self, plans: Sequence[Plan], numbers: Sequence[int], counts: Sequence[int]
    ) -> tuple[list[Stored], list[str]]:
        """Stories with these numbers, and so many comments that readers see: their rows, and words that were not said before."""
        for plan, pk, comments in zip(plans, numbers, counts, strict=True):
            self._add(plan, pk, comments)
        new = sorted(self.said - self.known)
        self.known |= self.said
        self.said = set()
        return [table.take() for table in self.tables], new

    def _add(self, plan: Plan, pk: int, comments: int) -> None:
        text, version = next(self.text_numbers), next(self.version_numbers)
        chance, language, cast = self.chance, self.language, self.cast
        some = chance.random
        at, status = plan.at, plan.status
        was_published = plan.is_out
        publish_at = at if was_published else None
        listed_from = at if status == Status.PUBLISHED else None
        created_at = min(at, self.now) - datetime.timedelta(hours=1 + int(some() * 40))
        headline = language.headline(chance)
        standfirst = " ".join(language.sentences(chance, 1))
        dateline = language.surnames[int(some() ** 2 * 400)] if some() < 0.4 else ""
        published_on = timezone.localdate(at, self.zone) if was_published else None
        slug = self._slug(headline, published_on)
        section = cast.sections[self.section.draw(chance)].pk
        lead = chance.choice(cast.images).pk if cast.images and some() < 0.7 else None
        kind = chance.choice(KINDS)

        own = language.own_paragraph(chance)
        count = min(40, max(1, round(chance.lognormvariate(2.0, 0.5)) - 1))
        blocks = [own, *(self.blocks[int(some() * len(self.blocks))] for _ in range(count))]
        if self.figures and some() < 0.15:
            shown = int(some() * len(self.figures))
            blocks.insert(1 + int(some() * count), self.figures[shown])
            self.pictures.add(pk, cast.images[shown].pk)
        body = "".join(block.html for block in blocks)
        minutes = max(1, round(sum(block.length for block in blocks) / WORDS_A_MINUTE))

        tags = {cast.tags[1 + self.tag.draw(chance)] for _ in range(chance.choice((1, 1, 2, 2, 3, 4)))}
        if some() < COMMON_TAG:
            tags.add(cast.tags[0])
        for tag in sorted(tags, key=lambda tag: tag.pk):
            self.tagged.add(tag.pk, pk, listed_from)
        people = [cast.contributors[self.contributor.draw(chance)]]
        if some() < 0.25 and (second := cast.contributors[self.contributor.draw(chance)]) is not people[0]:
            people.append(second)
        roles = [Byline.Role.WRITTEN, Byline.Role.WRITTEN if some() < 0.5 else Byline.Role.PHOTOGRAPHS]
        for order, (person, role) in enumerate(zip(people, roles, strict=False)):
            self.bylines.add(pk, person.pk, role, order, listed_from)

        made_at = min(at, self.now)
        corrected_at = min(made_at + datetime.timedelta(hours=5), self.now) if plan.is_corrected else None
        withdrawn_at = made_at + datetime.timedelta(hours=1) if status == Status.WITHDRAWN else None
        note = "It should not have appeared." if withdrawn_at else ""
        last = corrected_at or withdrawn_at or made_at
        self.articles.add(
            pk, headline, slug, kind, section, dateline, standfirst, lead, body,
            "".join(block.rendered for block in blocks), minutes, comments, 2 if last is not made_at else 1, status,
            publish_at, published_on, corrected_at, withdrawn_at, note, chance.choice(cast.staff), created_at, last,
        )  # fmt: skip

        content = {
            "headline": headline, "short_headline": "", "standfirst": standfirst, "kind": kind, "dateline": dateline,
            "slug": slug, "search_title": "", "search_description": "", "lead_image": lead, "section": section,
            "publish_at": told(publish_at), "embargo_until": None, "tags": sorted(tag.name for tag in tags),
            "bylines": [[person.pk, role] for person, role in zip(people, roles, strict=False)],
        }  # fmt: skip
        self.texts.add(text, hashlib.sha256(body.encode()).hexdigest(), body)
        first = (version, pk, pk, 1, None, VersionKind.FIRST)
        if was_published:
            self.moves.add(pk, pk, Status.DRAFT, Status.PUBLISHED, made_at, "")
            self.versions.add(*first, "Publish.", made_at, at, content, text)
        else:
            if status == Status.IN_REVIEW:
                self.moves.add(pk, pk, Status.DRAFT, Status.IN_REVIEW, made_at, "")
            self.versions.add(*first, "", made_at, None, content, text)
        if withdrawn_at:
            self.moves.add(pk, pk, Status.PUBLISHED, Status.WITHDRAWN, withdrawn_at, note)
            reason = f"Withdraw. {note}"
            again = next(self.version_numbers)
            self.versions.add(
                again, pk, pk, 2, version, VersionKind.MOVED, reason, withdrawn_at, None, content, text
            )  # fmt: skip
        if corrected_at:
            wrong = standfirst
            self.corrections.add(pk, Correction.Kind.CORRECTION, wrong, corrected_at)
            self.versions.add(
                next(self.version_numbers), pk, pk, 2, version, VersionKind.CORRECTED, wrong[:300], corrected_at, corrected_at,
                content, text,
            )  # fmt: skip

        names = [*dict.fromkeys([person.name for person in people] + sorted(tag.name for tag in tags)), dateline]
        story = {
            "pk": pk, "headline": headline, "short_headline": "", "standfirst": standfirst, "body": body, "names": names,
            "key": entries.key_of(publish_at or created_at, pk),
        }  # fmt: skip
        entry = entries.entry_of(story, [token for block in blocks for token in block.tokens])
        self.found.add(
            pk, entry.key, entry.headline, entry.standfirst, entry.names, entry.digest, entry.rules, entry.words
        )
        self.said.update(headline.split(), standfirst.split(), own.plain.split(), *(name.split() for name in names))
        self.said.update(block.plain for block in blocks[1:] if block.plain not in self.known)

    def _slug(self, headline: str, day: datetime.date | None) -> str:
        slug = wanted = make_slug(headline) or "story"
        if day is None:
            return slug
        if day != self.day:
            self.day = day
            self.taken = set(self.taken_on(day))
        for number in itertools.count(2):
            if slug not in self.taken:
                break
            slug = f"{wanted[:80]}-{number}"
        self.taken.add(slug)
        return slug
