"""What search knows of the pictures of the library."""

from django.db import migrations, models

import articles.models.search_entry


class Migration(migrations.Migration):
    dependencies = [("articles", "0031_sent_forms")]

    operations = [
        migrations.CreateModel(
            name="PictureEntry",
            fields=[
                ("picture", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("rules", models.CharField(db_index=True, max_length=40)),
                ("words", articles.models.search_entry.TokensField()),
            ],
            options={"default_permissions": ()},
        ),
    ]
