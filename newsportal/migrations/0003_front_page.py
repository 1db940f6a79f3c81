"""Editors of an installation that has them already arrange the front page, too."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GIVEN = [
    "view_frontpagestory", "add_frontpagestory", "change_frontpagestory",
    "view_banner", "add_banner", "change_banner", "delete_banner",
]  # fmt: skip


def give(apps, schema_editor):
    editors = apps.get_model("auth", "Group").objects.filter(name="Editor").first()
    if editors is None:
        return  # a new installation: its roles are made whole after the migrations
    # Permissions are made after migrations, too, which is too late for us.
    create_permissions(installed.get_app_config("articles"), verbosity=0)
    Permission = apps.get_model("auth", "Permission")
    editors.permissions.add(*Permission.objects.filter(content_type__app_label="articles", codename__in=GIVEN))


class Migration(migrations.Migration):
    dependencies = [("newsportal", "0002_moderators_tools"), ("articles", "0013_front_page")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
