"""No test finds what another has committed, and each finds the roles."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

from articles.models import Article
from articles.tests.factories import make_article
from newsportal.roles import ROLES
from newsportal.tests import emptying

pytestmark = pytest.mark.django_db(transaction=True)


def empty() -> list[str]:
    """As after a test that commits; returns the tables that were emptied."""
    with CaptureQueriesContext(connection) as queries:
        emptying._empty(TransactionTestCase())
    return [query["sql"].split()[2].strip('"') for query in queries if query["sql"].startswith("DELETE FROM")]


@pytest.fixture
def emptied():
    emptying._kept = None
    empty()


def test_what_was_committed_is_gone_and_the_roles_stay(emptied):
    make_article(tags=("Harbour",))
    groups = set(Group.objects.values_list("pk", "name"))
    gone = empty()
    assert Article._meta.db_table in gone
    assert Group._meta.db_table not in gone
    assert not Article.objects.exists()
    assert set(Group.objects.values_list("pk", "name")) == groups
    assert empty() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: Group.objects.all().delete(),
        lambda: Group.objects.create(name="Interns"),
        lambda: Group.objects.first().permissions.clear(),
        lambda: Permission.objects.update(name="x"),
    ],
)
def test_roles_that_a_test_has_changed_are_made_anew(emptied, change):
    change()
    empty()
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    assert all(Group.objects.get(name=name).permissions.count() == len(set(names)) for name, names in ROLES.items())
    assert not Permission.objects.filter(name="x").exists()
