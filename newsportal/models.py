"""Pages that are not stories: about, contact, policies."""

from django.db import models
from django.urls import reverse

from articles import body
from articles.body.field import BodyField


class Page(models.Model):
    """A page of its own at /pages/<slug>/, linked from the foot of every page."""

    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    body = BodyField(blank=True)
    order = models.PositiveSmallIntegerField(default=0)
    modified_at = models.DateTimeField("last saved", auto_now=True)

    class Meta:
        ordering = ["order", "title"]

    def __str__(self) -> str:
        return self.title

    def save(self, *args, **kwargs):
        self.body = body.sanitise(self.body)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("page", args=[self.slug])
