"""The log of moves stays when its story is deleted: it says which story that was."""

from django.db import migrations
from django.db.models import F


def know(apps, schema_editor):
    apps.get_model("articles", "StatusChange").objects.filter(story=None).update(story=F("article"))


class Migration(migrations.Migration):
    dependencies = [("articles", "0014_moves_stay")]
    operations = [migrations.RunPython(know, migrations.RunPython.noop)]
