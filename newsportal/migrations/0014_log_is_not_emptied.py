"""The audit log is not emptied either: TRUNCATE on PostgreSQL, and REPLACE on SQLite, asked none of the triggers that were there."""

from django.db import migrations

from newsportal.staff.append_only import allow_emptying, refuse_changes


def refuse(apps, schema_editor):
    refuse_changes(schema_editor.connection)


def allow(apps, schema_editor):
    allow_emptying(schema_editor.connection)


class Migration(migrations.Migration):
    runs = "It makes triggers, which takes a moment; they refuse what no version does."

    dependencies = [("newsportal", "0013_last_done")]

    operations = [migrations.RunPython(refuse, allow)]
