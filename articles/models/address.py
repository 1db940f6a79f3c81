"""The address of a story: settled when it is published, no other's, and for ever the story's."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from django.db import models

from articles import newsroom_time
from articles.models.slug import MAX_LENGTH
from articles.workflow import Status

if TYPE_CHECKING:
    from articles.models.article import Article


class PreviousSlug(models.Model):
    """An address that a story once had. It points at the story, not at the next address, so renames never chain."""

    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="previous_slugs")
    published_on = models.DateField()
    slug = models.SlugField(max_length=MAX_LENGTH, allow_unicode=True, db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["published_on", "slug"], name="previous_slug_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.published_on:%Y/%m/%d}/{self.slug}"


def settle(article: Article, before: Article | None) -> None:
    """Give a story that is published the day of its address, and a slug that is free on that day."""
    if article.publish_at is None:
        # Of a withdrawn one it stays: its address says why it is gone.
        article.published_on = article.published_on if article.is_gone() else None
    elif article.status == Status.PUBLISHED and (
        article.published_on is None
        or before is None
        or before.publish_at != article.publish_at
        # While it was withdrawn it may have been given another time.
        or before.status != Status.PUBLISHED
    ):
        article.published_on = newsroom_time.day_of(article.publish_at)
    if article.published_on and (before is None or before.address != article.address):
        _avoid_taken(article)


def _avoid_taken(article: Article) -> None:
    wanted = article.slug
    for number in count(2):
        if not is_taken(article):
            return
        suffix = f"-{number}"
        article.slug = wanted[: MAX_LENGTH - len(suffix)].rstrip("-") + suffix


def is_taken(article: Article) -> bool:
    """Whether another story has this address, or has had it."""
    return (
        type(article).objects.filter(**_address(article)).exclude(pk=article.pk).exists()
        or PreviousSlug.objects.filter(**_address(article)).exclude(article_id=article.pk).exists()
    )


def leave(article: Article, before: Article) -> None:
    """From an address that readers have seen they are led on; one that is the story's own again leads nowhere else."""
    if before.address == article.address:
        return
    if before.published_on and before.was_seen():
        PreviousSlug.objects.get_or_create(
            published_on=before.published_on, slug=before.slug, defaults={"article": article}
        )
    PreviousSlug.objects.filter(article=article, **_address(article)).delete()


def _address(article: Article) -> dict[str, Any]:
    return {"published_on": article.published_on, "slug": article.slug}
