"""Slugs, and the addresses that stories and their lists had before."""

from __future__ import annotations

import re
import unicodedata
from itertools import count
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_unicode_slug
from django.db import models, transaction
from django.urls import reverse

MAX_LENGTH = 90

# Latin letters that Unicode does not decompose into a base letter and marks.
LATIN_LETTERS = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
        "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ħ": "h", "Ħ": "H", "ı": "i", "ŋ": "ng",
        "Ŋ": "Ng", "ŧ": "t", "Ŧ": "T", "ə": "e", "Ə": "E",
    }
)  # fmt: skip


#: Scripts that have a character for each of their letters: a further mark on one is no part of the word.
BARE = ("LATIN ", "GREEK ", "CYRILLIC ")
#: Letters that NFKC takes apart, and no form of Unicode puts together again: they stay as people type them.
TYPED = (("\u0e4d\u0e32", "\u0e33"), ("\u0ecd\u0eb2", "\u0eb3"))  # AM of Thai and of Lao


def make_slug(text: str) -> str:
    """A slug of at most MAX_LENGTH characters, cut between words; "" when the text has no letter or digit.

    Latin script becomes ASCII ("Vladimír" → "vladimir"); letters of other scripts stay as they are, with their vowel signs.
    """
    slug = _slugify("".join(map(_without_latin_marks, unicodedata.normalize("NFC", text))))
    if len(slug) > MAX_LENGTH:
        slug = slug[: MAX_LENGTH + 1].rpartition("-")[0] or slug[:MAX_LENGTH]
    return slug.strip("-")


def _without_latin_marks(character: str) -> str:
    plain = unicodedata.normalize("NFKD", character).translate(LATIN_LETTERS)
    return "".join(filter(str.isascii, plain)) if plain[0].isascii() and plain[0].isalpha() else character


def _slugify(text: str) -> str:
    """As Django's, but for the marks, of which it knows none: in many scripts a word without them is another word."""
    text = unicodedata.normalize("NFKC", text).lower()
    for apart, typed in TYPED:
        text = text.replace(apart, typed)
    kept, may_be_marked = [], False
    for character in text:
        if _is_mark(character):
            # Selectors of another shape cannot be seen, nor typed.
            if may_be_marked and "VARIATION SELECTOR" not in unicodedata.name(character, ""):
                kept.append(character)
        elif unicodedata.category(character) != "Cf":  # joiners: what follows them still stands on the letter
            may_be_marked = character.isalpha() and not unicodedata.name(character, "").startswith(BARE)
            if character.isspace() or is_slug(character):
                kept.append(character)
    return re.sub(r"[-\s]+", "-", "".join(kept)).strip("-_")


def is_slug(text: str) -> bool:
    """Whether it may stand in an address: letters, digits and marks of any script, hyphens and underscores."""
    return bool(re.fullmatch(r"[-\w]+", text if text.isascii() else _without_marks(text)))


def _without_marks(text: str) -> str:
    return "".join(character for character in text if not _is_mark(character))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc"}


def validate_slug(value: str) -> None:
    if not is_slug(value):
        raise ValidationError(validate_unicode_slug.message, code=validate_unicode_slug.code, params={"value": value})


class SlugField(models.SlugField):
    """A slug as `is_slug` has it."""

    default_validators = [validate_slug]

    def __init__(self, *args: Any, allow_unicode: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Told afterwards: it would bring Django's rule, which knows no marks.
        self.allow_unicode = allow_unicode

    def deconstruct(self) -> Any:
        # To the database it is Django's: which letters are taken changes no table.
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.SlugField", args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        field: Any = super().formfield(**kwargs)
        # Ours is asked by the model.
        field.validators.remove(validate_unicode_slug)
        return field


class Slugged(models.Model):
    """What has an address made of its `name`: a section, a tag, a contributor."""

    name: Any
    slug: Any

    #: Whether who adds it may give it a slug by which readers still come to another.
    may_take_over = True

    class Meta:
        abstract = True

    def clean(self):
        if self._state.adding:
            # The desk offers one in which diacritics stay and vowel signs are lost; addresses have none of those and all of
            # these, and old ones stay as they are.
            made, offered = make_slug(self.name), make_slug(self.slug)
            self.slug = made if _without_marks(made) == offered else offered or made or self.slug
            others = type(self)._default_manager.exclude(pk=self.pk)
            if self.slug and (led_to := PreviousListSlug.objects.where_it_went(others, self.slug)):
                # The desk fills it in from the name: nobody has asked for this very one.
                if self.slug == made:
                    self.slug = self._free_slug()
                elif not self.may_take_over:
                    refusal = f"Readers who come to this address are led to “{led_to}”. Give it another one."
                    raise ValidationError({"slug": refusal})

    def save(self, *args, **kwargs):
        self.slug = self.slug or self._free_slug()
        with transaction.atomic():
            # Locked: what follows from the change follows from what it really was. Who only names it in a story need not wait,
            # unless its slug or a tag's name is changed: from then on PostgreSQL locks it as one that is deleted.
            before = type(self)._default_manager.select_for_update(no_key=True).filter(pk=self.pk).first()
            super().save(*args, **kwargs)
            if before is None or before.slug != self.slug:
                PreviousListSlug.objects.note(before, self)
            if before is not None:
                self.follow(before)

    def get_absolute_url(self) -> str:
        return reverse(str(self._meta.model_name), args=[self.slug])

    def follow(self, before: Self) -> None:
        """Do what follows from having been `before`: part of the transaction that saves."""

    def _free_slug(self) -> str:
        """Of its name, or of what it is where that has neither letter nor digit: without any it would have no address.

        None by which readers still come to another: that is taken over by who types it, and by nobody without a word.
        """
        others: models.Manager[Any] = type(self)._default_manager
        wanted = make_slug(self.name) or str(self._meta.model_name)
        for number in count(1):
            suffix = f"-{number}" if number > 1 else ""
            slug = wanted[: MAX_LENGTH - len(suffix)] + suffix
            if not (others.filter(slug=slug).exists() or PreviousListSlug.objects.leads_from(slug, self)):
                return slug
        raise AssertionError


class PreviousListSlugQuerySet(models.QuerySet["PreviousListSlug"]):
    def of(self, thing: type[Slugged] | Slugged) -> PreviousListSlugQuerySet:
        """Those of its kind."""
        return self.filter(kind=thing._meta.model_name)

    def where_it_went(self, known: models.QuerySet[Any], *slugs: str) -> Any:
        """Which of those that are known once had one of these slugs; None for none."""
        return known.filter(pk__in=self.of(known.model).filter(slug__in=slugs).values("target")).first()

    def leads_from(self, slug: str, thing: Slugged) -> bool:
        """Whether it leads on to another of its kind."""
        others = type(thing)._default_manager.exclude(pk=thing.pk)
        return self.of(thing).filter(slug=slug, target__in=others.values("pk")).exists()

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
