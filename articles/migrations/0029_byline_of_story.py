"""An index that has all that lists ask of bylines, in place of the one of the foreign key."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    contracts = "An index goes, after another one that begins as it does has come: whoever reads or writes need not know."

    dependencies = [("articles", "0028_size_set")]

    operations = [
        migrations.AddIndex(
            model_name="byline",
            index=models.Index(
                models.F("article"), models.F("order"), models.F("id"), models.F("contributor"), models.F("role"),
                name="byline_of_story",
            ),
        ),
        # AlterField would copy the whole table on SQLite.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX articles_byline_article_id_b3b9786c",
                    "CREATE INDEX articles_byline_article_id_b3b9786c ON articles_byline (article_id)",
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="byline",
                    name="article",
                    field=models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="bylines",
                        to="articles.article",
                    ),
                )
            ],
        ),
    ]  # fmt: skip
