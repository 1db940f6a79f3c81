"""What finds words of pictures fast, as migration 0025 does for stories."""

from django.db import migrations

SQLITE = [
    """
    CREATE VIRTUAL TABLE articles_picturetext USING fts5(
        words, content='articles_pictureentry', content_rowid='picture', tokenize="ascii tokenchars '_'", columnsize=0
    )
    """,
    """
    CREATE TRIGGER articles_pictureentry_added AFTER INSERT ON articles_pictureentry BEGIN
        INSERT INTO articles_picturetext (rowid, words) VALUES (new.picture, new.words);
    END
    """,
    """
    CREATE TRIGGER articles_pictureentry_gone AFTER DELETE ON articles_pictureentry BEGIN
        INSERT INTO articles_picturetext (articles_picturetext, rowid, words) VALUES ('delete', old.picture, old.words);
    END
    """,
    """
    CREATE TRIGGER articles_pictureentry_changed AFTER UPDATE OF picture, words ON articles_pictureentry BEGIN
        INSERT INTO articles_picturetext (articles_picturetext, rowid, words) VALUES ('delete', old.picture, old.words);
        INSERT INTO articles_picturetext (rowid, words) VALUES (new.picture, new.words);
    END
    """,
]
POSTGRESQL = [
    """
    CREATE INDEX articles_pictureentry_words ON articles_pictureentry USING gin (words)
    WITH (fastupdate = on, gin_pending_list_limit = 512)
    """
]


def create(apps, schema_editor):
    for sql in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(sql)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX articles_pictureentry_words")
        return
    for trigger in ("added", "gone", "changed"):
        schema_editor.execute(f"DROP TRIGGER articles_pictureentry_{trigger}")
    schema_editor.execute("DROP TABLE articles_picturetext")


class Migration(migrations.Migration):
    dependencies = [("articles", "0032_picture_entry")]
    runs = "On a table that the migration before has made, and that is empty."
    operations = [migrations.RunPython(create, drop)]
