from django.db import migrations, models

from articles.expanding import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("articles", "0035_image_credit")]

    operations = [
        AddIndexConcurrently(
            "image",
            models.Index(
                models.F("licence"), models.F("created_at").desc(), models.F("id").desc(), name="image_licence"
            ),
        ),
    ]
