"""What search knows of the pictures of the library, kept true in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.signals import post_delete, post_save

from articles.models import Image, PictureEntry
from articles.search import analysis, spelling
from articles.search.entries import GAP, rules

#: By whose words pictures are found.
SEARCHED = ("title", "alt", "caption", "credit")
#: No newsroom adds more within an hour.
RECENT = 1_000


def outdated() -> QuerySet[Image]:
    """Pictures that have no entry, or one made by other rules."""
    return Image.objects.filter(~Exists(PictureEntry.objects.filter(picture=OuterRef("pk"), rules=rules())))


def index(numbers: Iterable[int]) -> None:
    """Write the entries of these pictures anew."""
    found = Image.objects.filter(pk__in=list(numbers)).order_by("pk").values_list("pk", *SEARCHED)
    texts = {number: texts for number, *texts in found}
    with transaction.atomic(savepoint=False):
        PictureEntry.objects.bulk_create(
            [PictureEntry(picture=number, rules=rules(), words=words_of(parts)) for number, parts in texts.items()],
            update_conflicts=True, unique_fields=["picture"], update_fields=["rules", "words"],
        )  # fmt: skip
        spelling.learn(text for parts in texts.values() for text in parts)


def index_missing() -> None:
    """Of the newest pictures those that have no entry: a version that knew of none has added them while it was replaced."""
    newest = list(Image.objects.order_by("-pk").values_list("pk", flat=True)[:RECENT])
    index(set(newest).difference(PictureEntry.objects.filter(picture__in=newest).values_list("pk", flat=True)))


def words_of(texts: Iterable[str]) -> str:
    """As an entry has them: no phrase begins in one text and ends in the next."""
    return " ".join(token for text in texts for token in [*analysis.tokens(text), GAP])


def connect() -> None:
    """Hear of what changes the words of a picture."""

    def saved(sender: type[Image], instance: Image, update_fields: Iterable[str] | None, **kwargs: Any) -> None:
        if update_fields is None or not set(SEARCHED).isdisjoint(update_fields):
            index([instance.pk])

    def deleted(sender: type[Image], instance: Image, **kwargs: Any) -> None:
        PictureEntry.objects.filter(picture=instance.pk).delete()

    post_save.connect(saved, sender=Image, weak=False, dispatch_uid="search Image")
    post_delete.connect(deleted, sender=Image, weak=False, dispatch_uid="search Image")
