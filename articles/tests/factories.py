"""Keyword-only makers of what tests are about. Stories are moved by their verbs, as they are in life."""

from __future__ import annotations

import datetime
import itertools

from django.utils import timezone
from PIL import Image as Pillow

from articles.models import Article, Contributor, Image, Section, Tag
from articles.tests import sample_pictures
from articles.workflow import Status

numbers = itertools.count(1)

HOUR = datetime.timedelta(hours=1)


def make_section(*, name: str | None = None, **fields) -> Section:
    return Section.objects.create(name=name or f"Section {next(numbers)}", **fields)


def make_contributor(*, name: str | None = None, **fields) -> Contributor:
    number = next(numbers)
    return Contributor.objects.create(
        name=name or f"Contributor {number}", slug=fields.pop("slug", "") or f"c-{number}", **fields
    )


def make_tag(*, name: str | None = None) -> Tag:
    return Tag.objects.create(name=name or f"Tag {next(numbers)}")


def make_image(*, picture: Pillow.Image | None = None, **fields) -> Image:
    """An image of the library with its files; small unless `picture` is given."""
    words = {"title": f"Picture {next(numbers)}", "alt": "Red and blue under green"}
    return Image.ingest(sample_pictures.upload(sample_pictures.encoded(picture)), **words | fields)


def make_article(
    *,
    headline: str | None = None,
    body: str = "<p>It rained on the harbour.</p>",
    section: Section | None = None,
    status: str = Status.PUBLISHED,
    publish_at: datetime.datetime | None = None,
    tags: tuple[str, ...] = (),
    bylines: tuple = (),
    note: str = "",
    **fields,
) -> Article:
    """A story in `status`; published an hour ago unless `publish_at` says otherwise. `bylines`: (contributor, role) pairs."""
    article = Article.objects.create(
        headline=headline or f"Story number {next(numbers)}", body=body, section=section or make_section(), **fields
    )
    article.tags.add(*tags)
    for order, (contributor, role) in enumerate(bylines):
        article.bylines.create(contributor=contributor, role=role, order=order)
    publish_at = publish_at or timezone.now() - HOUR
    match status:
        case Status.IN_REVIEW:
            article.submit(None)
        case Status.PUBLISHED:
            article.publish(None, at=publish_at)
        case Status.WITHDRAWN:
            # Withdrawn while it was public; the time that a test asks for may lie elsewhere.
            article.publish(None, at=timezone.now() - HOUR)
            article.withdraw(None, note=note)
            if article.publish_at != publish_at:
                Article.objects.filter(pk=article.pk).update(publish_at=publish_at)
                article.refresh_from_db()
    return article
