from django.db import migrations, models


class Migration(migrations.Migration):
    """One copy for each opened form. What has been kept so far stays: the link to the story becomes its number."""

    dependencies = [
        ("articles", "0016_every_move_knows_its_story"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="autosave", name="autosave_is_one_a_story"),
        migrations.RemoveConstraint(model_name="autosave", name="autosave_of_a_new_story_is_one"),
        migrations.AlterField(
            model_name="autosave",
            name="article",
            field=models.PositiveBigIntegerField("number of the story", null=True, db_column="article_id"),
        ),
        migrations.RenameField(model_name="autosave", old_name="article", new_name="story"),
        migrations.AlterField(
            model_name="autosave",
            name="story",
            field=models.PositiveBigIntegerField("number of the story", null=True),
        ),
        migrations.AddField(
            model_name="autosave", name="slot", field=models.CharField(default="", max_length=32)
        ),
        migrations.AddField(
            model_name="autosave", name="typed_at", field=models.PositiveBigIntegerField(default=0)
        ),
        migrations.AlterModelOptions(name="autosave", options={"ordering": ["-saved_at", "-pk"]}),
        migrations.AddConstraint(
            model_name="autosave",
            constraint=models.UniqueConstraint(fields=("user", "story", "slot"), name="autosave_is_one_a_form"),
        ),
        migrations.AddConstraint(
            model_name="autosave",
            constraint=models.UniqueConstraint(
                condition=models.Q(("story__isnull", True)),
                fields=("user", "slot"),
                name="autosave_of_a_new_story_is_one_a_form",
            ),
        ),
    ]
