"""Roles: what each may do, also in a newsroom that had them before they grew."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from newsportal.roles import ROLES
from newsportal.staff import audit


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_what_it_is_said_to_have(role):
    names = {f"{p.content_type.app_label}.{p.codename}" for p in Group.objects.get(name=role).permissions.all()}
    assert names == set(ROLES[role])


@pytest.mark.django_db(transaction=True)
def test_a_newsroom_that_has_moderators_and_administrators_already_gives_them_their_new_tools():
    MigrationExecutor(connection).migrate([("newsportal", "0001_initial")])
    moderators = Group.objects.get(name="Moderator")
    administrators = Group.objects.get(name="Administrator")
    # There was no log then.
    with audit.unrecorded():
        moderators.permissions.clear()
        moderators.permissions.add(*_permissions("view_comment", "moderate_comment"))
        administrators.permissions.remove(*Permission.objects.filter(codename="view_auditentry"))
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    codenames = set(moderators.permissions.values_list("codename", flat=True))
    assert codenames == {name.split(".")[1] for name in ROLES["Moderator"]}
    assert administrators.permissions.filter(codename="view_auditentry").exists()


@pytest.mark.django_db
def test_a_newsroom_that_has_no_administrators_gets_the_group_and_keeps_what_it_made_of_the_others():
    Group.objects.get(name="Administrator").delete()
    editors = Group.objects.get(name="Editor")
    editors.permissions.set(_permissions("view_comment"))
    call_command("migrate", verbosity=0, interactive=False)
    administrators = Group.objects.get(name="Administrator")
    assert administrators.permissions.count() == len(ROLES["Administrator"])
    assert editors.permissions.count() == 1
    administrators.permissions.clear()
    call_command("migrate", verbosity=0, interactive=False)
    assert administrators.permissions.count() == 0


@pytest.mark.parametrize("role", ROLES)
def test_an_administrator_may_all_that_others_may(role):
    assert set(ROLES[role]) <= set(ROLES["Administrator"])


def _permissions(*codenames):
    return Permission.objects.filter(content_type__app_label="comments", codename__in=codenames)
