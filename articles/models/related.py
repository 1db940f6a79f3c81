"""Which stories go with which, as articles.related has worked it out."""

from django.db import models


class RelatedArticle(models.Model):
    """One story in the list of another; how good a place it has there, `rank`, never changes with time.

    More are kept than are shown, and readers get those that are public when they ask: a story that is withdrawn
    leaves no hole, and a scheduled one appears in its second.
    """

    article = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="+", db_index=False)
    other = models.ForeignKey("articles.Article", on_delete=models.CASCADE, related_name="+")
    rank = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "other"], name="related_article_is_unique")]
        indexes = [models.Index("article", models.F("rank").desc(), name="related_article_listing")]

    def __str__(self) -> str:
        return f"{self.other_id} with {self.article_id}"
