"""Moderators and editors of an installation that has them already get what their roles have got since."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GIVEN = {
    "Moderator": [
        "pick_comment", "view_commenter", "view_sanction", "add_sanction", "view_term", "add_term", "change_term",
        "delete_term", "view_policy", "change_policy",
    ],
    "Editor": ["view_comment", "pick_comment", "view_policy", "add_policy", "change_policy", "delete_policy"],
}  # fmt: skip


def give(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    groups = {group.name: group for group in Group.objects.filter(name__in=GIVEN)}
    if not groups:
        return  # a new installation: its roles are made whole after the migrations
    # Permissions are made after migrations, too, which is too late for us.
    create_permissions(installed.get_app_config("comments"), verbosity=0)
    Permission = apps.get_model("auth", "Permission")
    for name, group in groups.items():
        wanted = Permission.objects.filter(content_type__app_label="comments", codename__in=GIVEN[name])
        group.permissions.add(*wanted)


class Migration(migrations.Migration):
    dependencies = [
        ("newsportal", "0001_initial"),
        ("comments", "0005_notices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
