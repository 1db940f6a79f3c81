"""What search knows of a story, and of a picture."""

from __future__ import annotations

from django.db import models


class TokensField(models.TextField):
    """Words, one space between two, as articles.search.analysis has made them: a tsvector on PostgreSQL.

    Written and searched, and never read again.
    """

    def db_type(self, connection) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "text"

    def get_db_prep_value(self, value, connection, prepared=False):
        if connection.vendor == "postgresql":
            from articles.search.postgresql import vector

            return vector(value)
        return value


class SearchEntry(models.Model):
    """A story as search has it, whatever its status: who asks joins `public()`. Written by articles.search.entries alone.

    On SQLite triggers on this table keep the FTS5 table `articles_fulltext` (migration 0025). A migration that makes SQLite
    build this table anew must create them again.
    """

    article = models.OneToOneField(
        "articles.Article", primary_key=True, on_delete=models.CASCADE, related_name="search_entry"
    )
    # Where the story stands in time (articles.search.entries.key_of): newest first is an order of this one number.
    key = models.BigIntegerField(unique=True)
    # The words of the parts that weigh more than the text.
    headline = models.TextField()
    standfirst = models.TextField()
    names = models.TextField()
    # What all this was made from, and by which rules: what is unchanged is not written again.
    digest = models.CharField(max_length=64)
    rules = models.CharField(max_length=40, db_index=True)
    # Last, since it is long: SQLite reads a row from its beginning.
    words = TokensField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"search entry of story {self.article_id}"


class PictureEntry(models.Model):
    """A picture as the desk searches the library for it. Written by articles.search.library alone.

    On SQLite triggers on this table keep the FTS5 table `articles_picturetext` (migration 0033), as those of stories do.
    """

    # The number of the picture. No link to it: what is linked to a picture is in use of it.
    picture = models.PositiveBigIntegerField(primary_key=True)
    rules = models.CharField(max_length=40, db_index=True)
    words = TokensField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"search entry of picture {self.picture}"


class SearchWord(models.Model):
    """A word that some story or picture has, without case and accents: what a misspelt one may have been meant to be."""

    word = models.CharField(max_length=64, unique=True)
    skeleton = models.CharField(max_length=64, db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.word
