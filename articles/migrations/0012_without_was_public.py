"""`public_from` says it all. Apart from the migration that fills it: PostgreSQL alters no table in which rows were just changed twice."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("articles", "0011_public_from")]
    operations = [migrations.RemoveField("version", "was_public")]
