from django.db import migrations, models


class Migration(migrations.Migration):
    contracts = "The column takes longer texts than before, and nothing else of it changes."

    dependencies = [
        ("articles", "0036_image_licence"),
    ]

    operations = [
        migrations.AlterField(
            model_name="changedfeed",
            name="place",
            field=models.TextField(),
        ),
    ]
