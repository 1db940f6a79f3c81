"""Slugs, and the addresses that stories and their lists had before."""

from __future__ import annotations

import unicodedata
from itertools import count
from typing import Any, Self

from django.db import models, transaction
from django.utils.text import slugify

MAX_LENGTH = 90

# Latin letters that Unicode does not decompose into a base letter and marks.
LATIN_LETTERS = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
        "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "ng",
        "Ŋ": "Ng", "ŧ": "t", "Ŧ": "T", "ə": "e", "Ə": "E",
    }
)  # fmt: skip


def make_slug(text: str) -> str:
    """A slug of at most MAX_LENGTH characters, cut between words; "" when the text has no letter or digit.

    Latin script becomes ASCII ("Vladimír" → "vladimir"); letters of other scripts stay as they are.
    """
    slug = slugify("".join(map(_without_latin_marks, unicodedata.normalize("NFC", text))), allow_unicode=True)
    if len(slug) > MAX_LENGTH:
        slug = slug[: MAX_LENGTH + 1].rpartition("-")[0] or slug[:MAX_LENGTH]
    return slug.strip("-")


def _without_latin_marks(character: str) -> str:
    plain = character.translate(LATIN_LETTERS)
    if plain != character:
        return plain
    base = unicodedata.normalize("NFKD", character)
    return base[0] if base[0].isascii() and len(base) > 1 and base[0].isalpha() else character


class Slugged(models.Model):
    """What has an address made of its `name`: a section, a tag, a contributor."""

    name: Any
    slug: Any

    class Meta:
        abstract = True

    def clean(self):
        if self._state.adding:
            # The desk offers one in which diacritics stay; addresses have none, and old ones stay as they are.
            self.slug = make_slug(self.slug or self.name) or self.slug

    def save(self, *args, **kwargs):
        self.slug = self.slug or self._free_slug()
        with transaction.atomic():
            # Locked: what follows from the change follows from what it really was. Who only names it in a story need not wait.
            before = type(self)._default_manager.select_for_update(no_key=True).filter(pk=self.pk).first()
            super().save(*args, **kwargs)
            if before is None or before.slug != self.slug:
                PreviousListSlug.objects.note(before, self)
            if before is not None:
                self.follow(before)

    def follow(self, before: Self) -> None:
        """Do what follows from having been `before`: part of the transaction that saves."""

    def _free_slug(self) -> str:
        """Of its name, or of what it is where that has neither letter nor digit: without any it would have no address."""
        others: models.Manager[Any] = type(self)._default_manager
        wanted = make_slug(self.name) or str(self._meta.model_name)
        for number in count(1):
            suffix = f"-{number}" if number > 1 else ""
            slug = wanted[: MAX_LENGTH - len(suffix)] + suffix
            if not others.filter(slug=slug).exists():
                return slug
        raise AssertionError


class PreviousListSlugQuerySet(models.QuerySet["PreviousListSlug"]):
    def of(self, thing: type[Slugged] | Slugged) -> PreviousListSlugQuerySet:
        """Those of its kind."""
        return self.filter(kind=thing._meta.model_name)

    def note(self, before: Slugged | None, after: Slugged) -> None:
        """It had the slug of `before`, None for one that is new, and has another: to be called within its transaction."""
        if before is not None and before.slug:
            self.update_or_create(kind=before._meta.model_name, slug=before.slug, defaults={"target": after.pk})
        # Whoever has a slug has it: it leads on to nobody else. Asked first, since few take one over.
        taken = self.of(after).filter(slug=after.slug)
        if taken.exists():
            taken.delete()


class PreviousListSlug(models.Model):
    """A slug that a section, tag or contributor once had, and no other has taken since. It points at the thing and not at its next
    slug, so renames never chain; of one that is deleted it leads nowhere.
    """  # fmt: skip

    kind = models.CharField(max_length=20)  # the name of its model
    slug = models.SlugField(max_length=100, allow_unicode=True, db_index=False)  # those of tags are the longest
    target = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PreviousListSlugQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "slug"], name="previous_list_slug_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"


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
