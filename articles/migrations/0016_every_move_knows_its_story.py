from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0015_moves_know_their_story")]
    operations = [
        migrations.AlterField(
            "statuschange", "story", models.PositiveBigIntegerField(db_index=True, verbose_name="number of the story")
        )
    ]
