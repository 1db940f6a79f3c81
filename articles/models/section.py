from __future__ import annotations

from collections.abc import Sequence

from django.core.validators import MinLengthValidator
from django.db import models, transaction
from django.db.models import Max

from articles.models.slug import MAX_LENGTH, SlugField, Slugged
from articles.share_cards import order_for_section


class Colour(models.TextChoices):
    """Keys of the palette: each has a light and a dark value in static/css/tokens.css that are legible on both grounds."""

    INK = "ink", "Ink"
    PETROL = "petrol", "Petrol"
    BRICK = "brick", "Brick"
    OCHRE = "ochre", "Ochre"
    MOSS = "moss", "Moss"
    PLUM = "plum", "Plum"
    SLATE = "slate", "Slate"
    ROSE = "rose", "Rose"


class OrderedMeanwhile(Exception):
    """The sections stand in another order than the one that was looked at."""


class SectionQuerySet(models.QuerySet["Section"]):
    def next_order(self) -> int:
        """What puts a section after all others."""
        return (self.aggregate(last=Max("order"))["last"] or 0) + 1

    def move(self, pk: int, index: int, *, seen: Sequence[int]) -> list[int]:
        """Put one section to an index among all, 0 the first; what lies outside is the nearest end.

        `seen`: the numbers of all sections in the order that whoever moves it had before them, this one among them.
        Returns the numbers in their new order. Raises OrderedMeanwhile where they do not stand as seen.
        """
        with transaction.atomic():
            # All, and always from the lowest number up: whoever moves waits for whoever is at it.
            list(Section.objects.select_for_update().order_by("pk").values_list("pk"))
            before = dict(Section.objects.values_list("pk", "order"))
            if list(before) != list(seen):
                raise OrderedMeanwhile(
                    "Somebody else has changed the order of the sections, or which there are, since you opened this page. "
                    "Nothing was moved; below is how they stand now."
                )
            order = [other for other in before if other != pk]
            order.insert(max(index, 0), pk)
            moved = [Section(pk=other, order=n) for n, other in enumerate(order, start=1) if before[other] != n]
            Section.objects.bulk_update(moved, ["order"])
        return order


class Section(Slugged):
    """Where a story lives."""

    name = models.CharField(max_length=60, unique=True, validators=[MinLengthValidator(2)])
    slug = SlugField(max_length=MAX_LENGTH, unique=True)
    description = models.TextField(blank=True, help_text="One sentence, shown at the top of the section.")
    colour = models.CharField(max_length=10, choices=Colour, default=Colour.INK)
    order = models.PositiveIntegerField(default=0, db_index=True)

    objects = SectionQuerySet.as_manager()

    class Meta:
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name

    def follow(self, before: Section) -> None:
        if (before.name, before.colour) != (self.name, self.colour):
            order_for_section(self)
