import articles.pictures.renditions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0027_texts_last"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="size_set",
            field=models.PositiveSmallIntegerField(
                db_default=1,
                default=articles.pictures.renditions.newest_set,
                editable=False,
                verbose_name="which sizes there are",
            ),
        ),
    ]
