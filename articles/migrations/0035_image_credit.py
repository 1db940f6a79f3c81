from django.db import migrations, models

from articles.expanding import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0034_pictures_found")]

    operations = [
        AddIndexConcurrently(
            "image",
            models.Index(
                models.F("credit"), models.F("created_at").desc(), models.F("id").desc(), name="image_credit"
            ),
        ),
    ]
