"""Slugs, and the addresses that stories had before."""

import unicodedata

from django.db import models
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
