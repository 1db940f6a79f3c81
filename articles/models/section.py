from django.core.validators import MinLengthValidator
from django.db import models
from django.urls import reverse

from articles.models.slug import MAX_LENGTH, make_slug


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


class Section(models.Model):
    """Where a story lives."""

    name = models.CharField(max_length=60, unique=True, validators=[MinLengthValidator(2)])
    slug = models.SlugField(max_length=MAX_LENGTH, unique=True, allow_unicode=True)
    description = models.TextField(blank=True, help_text="One sentence, shown at the top of the section.")
    colour = models.CharField(max_length=10, choices=Colour, default=Colour.INK)
    order = models.PositiveIntegerField(default=0, db_index=True)

    class Meta:
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs):
        self.slug = self.slug or make_slug(self.name)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("section", args=[self.slug])
