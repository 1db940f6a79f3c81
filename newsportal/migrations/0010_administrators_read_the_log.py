"""Administrators of an installation that has them already read the log of accounts, and what browsers have blocked, too."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations


def give(apps, schema_editor):
    administrators = apps.get_model("auth", "Group").objects.filter(name="Administrator").first()
    if administrators is None:
        return  # a new installation: its roles are made whole after the migrations
    # Permissions are made after migrations, too, which is too late for us.
    create_permissions(installed.get_app_config("newsportal"), verbosity=0)
    Permission = apps.get_model("auth", "Permission")
    administrators.permissions.add(
        *Permission.objects.filter(content_type__app_label="newsportal", codename__in=["view_auditentry", "view_policyreport"])
    )


class Migration(migrations.Migration):
    dependencies = [("newsportal", "0009_staff")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
