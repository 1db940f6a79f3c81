"""Where sections, tags and authors were that have another slug by now."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0029_byline_of_story"),
    ]

    operations = [
        migrations.CreateModel(
            name="PreviousListSlug",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("slug", models.SlugField(allow_unicode=True, db_index=False, max_length=100)),
                ("target", models.PositiveBigIntegerField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "slug"), name="previous_list_slug_is_unique")],
            },
        ),
    ]
