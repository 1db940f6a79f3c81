"""What finds words fast: a GIN index on PostgreSQL; on SQLite an FTS5 table over the same rows, and triggers that keep it."""

from django.db import migrations

# Words come in as articles.search.analysis has made them, one space between two: nothing is left for a tokenizer to do.
# `ascii` takes every letter that is not ASCII as it is. No bm25(), hence no sizes of columns.
SQLITE = [
    """
    CREATE VIRTUAL TABLE articles_fulltext USING fts5(
        words, content='articles_searchentry', content_rowid='key', tokenize="ascii tokenchars '_'", columnsize=0
    )
    """,
    """
    CREATE TRIGGER articles_searchentry_added AFTER INSERT ON articles_searchentry BEGIN
        INSERT INTO articles_fulltext (rowid, words) VALUES (new.key, new.words);
    END
    """,
    """
    CREATE TRIGGER articles_searchentry_gone AFTER DELETE ON articles_searchentry BEGIN
        INSERT INTO articles_fulltext (articles_fulltext, rowid, words) VALUES ('delete', old.key, old.words);
    END
    """,
    """
    CREATE TRIGGER articles_searchentry_changed AFTER UPDATE OF key, words ON articles_searchentry BEGIN
        INSERT INTO articles_fulltext (articles_fulltext, rowid, words) VALUES ('delete', old.key, old.words);
        INSERT INTO articles_fulltext (rowid, words) VALUES (new.key, new.words);
    END
    """,
]
# The list of what has not been sorted in yet stays short: every search reads it.
POSTGRESQL = [
    """
    CREATE INDEX articles_searchentry_words ON articles_searchentry USING gin (words)
    WITH (fastupdate = on, gin_pending_list_limit = 512)
    """
]


def create(apps, schema_editor):
    for sql in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(sql)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX articles_searchentry_words")
        return
    for trigger in ("added", "gone", "changed"):
        schema_editor.execute(f"DROP TRIGGER articles_searchentry_{trigger}")
    schema_editor.execute("DROP TABLE articles_fulltext")


class Migration(migrations.Migration):
    dependencies = [("articles", "0024_search")]
    operations = [migrations.RunPython(create, drop)]
