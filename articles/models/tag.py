"""What stories are about."""

from __future__ import annotations

from django.db import models
from taggit.models import ItemBase, TagBase

from articles.models.slug import PreviousListSlug, SlugField, Slugged, make_slug


class Tag(TagBase, Slugged):
    """A subject: a place, a matter, a thing that more than one story is about."""

    slug = SlugField("slug", max_length=100, unique=True)

    class Meta:
        ordering = ["name"]

    def follow(self, before: Tag) -> None:
        from articles import search

        if before.name != self.name:
            search.renamed(self)

    def slugify(self, tag: str, i: int | None = None) -> str:
        slug = make_slug(tag) or "tag"
        slug = f"{slug}_{i}" if i else slug
        # As `_free_slug` has it.
        return self.slugify(tag, (i or 0) + 1) if PreviousListSlug.objects.leads_from(slug, self) else slug


class TaggedArticle(ItemBase):
    """A tag on a story.

    Carries the article's `publish_at` while it is published (null otherwise), so that the stories of a tag are one range
    of an index: a tag with 300,000 stories lists as fast as one with three.
    """

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged_articles")
    content_object = models.ForeignKey(
        "articles.Article", on_delete=models.CASCADE, related_name="tagged", db_column="article_id"
    )
    publish_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["content_object", "tag"], name="tagged_article_is_unique"),
        ]
        indexes = [
            models.Index(
                "tag", models.F("publish_at").desc(), models.F("content_object").desc(), name="tagged_article_listing"
            ),
        ]

    def save(self, *args, **kwargs):
        self.publish_at = self.content_object.listed_from()
        super().save(*args, **kwargs)
