"""The people in bylines."""

from __future__ import annotations

from django.core.validators import URLValidator
from django.db import models

from articles.models.slug import MAX_LENGTH, SlugField, Slugged


class Contributor(Slugged):
    """A person who can stand in a byline; need not have an account."""

    name = models.CharField(max_length=100)
    slug = SlugField(max_length=MAX_LENGTH, unique=True)
    job_title = models.CharField(max_length=100, blank=True)
    biography = models.TextField(blank=True, help_text="A few sentences, as plain text.")
    photo = models.ForeignKey(
        "articles.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="portrait_of"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def follow(self, before: Contributor) -> None:
        from articles import search

        if before.name != self.name:
            search.renamed(self)


class ContributorLink(models.Model):
    """Where else a contributor can be found."""

    contributor = models.ForeignKey(Contributor, on_delete=models.CASCADE, related_name="links")
    label = models.CharField(max_length=60)
    url = models.URLField("address", max_length=500, validators=[URLValidator(schemes=["http", "https"])])
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.label


class Byline(models.Model):
    """A contributor's part in a story. Their order is data: the first name is the first that readers see."""

    class Role(models.TextChoices):
        WRITTEN = "written", "Written by"
        REPORTED = "reported", "Reported by"
        PHOTOGRAPHS = "photographs", "Photographs by"
        ILLUSTRATIONS = "illustrations", "Illustrations by"
        TRANSLATED = "translated", "Translated by"
        EDITED = "edited", "Edited by"

    # Its index is `byline_of_story`.
    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="bylines", db_index=False)
    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="bylines")
    role = models.CharField(max_length=15, choices=Role, default=Role.WRITTEN)
    order = models.PositiveSmallIntegerField(default=0)
    # The article's own publish_at while it is published, and on the first of its contributor's bylines only: a
    # contributor's list is then one range of an index, however many roles they had and however many stories there are.
    publish_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["article", "contributor", "role"], name="byline_is_unique"),
        ]
        indexes = [
            # All that a list asks of bylines, in its order: nothing is sorted, and the table is not looked at.
            models.Index("article", "order", "id", "contributor", "role", name="byline_of_story"),
            models.Index(
                "contributor", models.F("publish_at").desc(), models.F("article").desc(), name="byline_listing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.contributor}"

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        self.article.list_bylines()

    def delete(self, *args, **kwargs):
        deleted = super().delete(*args, **kwargs)
        self.article.list_bylines()
        return deleted
