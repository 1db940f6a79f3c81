"""Migrations are run while the version before is still serving: they add, and take away only what nobody has used for a release.

The rule, and how something is renamed or removed in two releases: docs/decisions/0029-migrations-under-load.md.
"""

from types import SimpleNamespace

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

#: Those that were there before anybody ran a release, and those before the rule.
BEFORE_THE_RULE = {"articles": 26, "comments": 7, "adverts": 1, "newsportal": 7}

TAKE_AWAY = (migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel,
             migrations.AlterModelTable, migrations.RemoveConstraint)  # fmt: skip


def problems(migration) -> list[str]:
    """What in a migration breaks a server of the version before, which goes on writing meanwhile."""
    if getattr(migration, "contracts", ""):
        # It says in words since when nothing uses what it takes away.
        return []
    found = []
    made_here = {o.name.lower() for o in migration.operations if isinstance(o, migrations.CreateModel)}
    for operation in migration.operations:
        if isinstance(operation, migrations.CreateModel):
            found += _links_to_what_was_there(operation, made_here)
        if getattr(operation, "model_name", "").lower() in made_here:
            continue
        name = operation.describe()
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            found += problems(SimpleNamespace(operations=operation.database_operations))
        elif isinstance(operation, TAKE_AWAY):
            found.append(f"{name}: the version before still uses it")
        elif isinstance(operation, migrations.AddField) and _must_be_given(operation.field):
            found.append(f"{name}: the version before leaves it out (db_default, or null=True)")
        elif isinstance(operation, migrations.AlterField) and _must_be_given(operation.field):
            found.append(f"{name}: say in `contracts` why the version before can go on writing")
    return found


def _links_to_what_was_there(operation: migrations.CreateModel, made_here: set[str]) -> list[str]:
    links = [(name, field) for name, field in operation.fields if field.many_to_one or field.one_to_one]
    return [
        f"{operation.describe()}, {name}: the version before cannot delete what it points at (db_constraint=False)"
        for name, field in links
        if field.db_constraint and field.related_model.rpartition(".")[2].lower() not in made_here
    ]


def _must_be_given(field: models.Field) -> bool:
    return not (field.null or field.db_default is not NOT_PROVIDED or field.many_to_many)


@pytest.mark.django_db
def test_every_migration_leaves_the_version_before_running():
    loader = MigrationLoader(connection)
    ours = {key: m for key, m in loader.disk_migrations.items() if key[0] in BEFORE_THE_RULE}
    new = {key: m for key, m in ours.items() if int(key[1][:4]) > BEFORE_THE_RULE[key[0]]}
    assert new
    assert not [f"{app}.{name}: {problem}" for (app, name), m in new.items() for problem in problems(m)]


@pytest.mark.parametrize(
    ("operation", "is_a_problem"),
    [
        (migrations.RemoveField("story", "kicker"), True),
        (migrations.RenameField("story", "kicker", "label"), True),
        (migrations.DeleteModel("Story"), True),
        (migrations.AddField("story", "kicker", models.CharField(max_length=9)), True),
        (migrations.AddField("story", "kicker", models.CharField(max_length=9, default="")), True),
        (migrations.AddField("story", "kicker", models.CharField(max_length=9, db_default="")), False),
        (migrations.AddField("story", "kicker", models.DateField(null=True)), False),
        (migrations.AlterField("story", "kicker", models.CharField(max_length=9)), True),
        (migrations.AlterField("story", "kicker", models.CharField(max_length=9, null=True)), False),
        (migrations.CreateModel("Story", []), False),
        (migrations.CreateModel("Story", [("of", models.ForeignKey("auth.User", models.CASCADE))]), True),
        (migrations.CreateModel("Story", [("of", models.OneToOneField("story", models.CASCADE))]), False),
        (
            migrations.CreateModel(
                "Story", [("of", models.ForeignKey("auth.User", models.CASCADE, db_constraint=False))]
            ),
            False,
        ),
        (migrations.AddIndex("story", models.Index(fields=["kicker"], name="kicker")), False),
        (migrations.SeparateDatabaseAndState([migrations.DeleteModel("Story")], []), True),
    ],
    ids=lambda value: value.describe() if hasattr(value, "describe") else "",
)
def test_what_breaks_the_version_before_is_told_from_what_does_not(operation, is_a_problem):
    assert bool(problems(SimpleNamespace(operations=[operation]))) is is_a_problem


def test_a_table_that_is_new_is_made_in_as_many_steps_as_it_takes():
    steps = [
        migrations.CreateModel("Story", []),
        migrations.AddField("story", "kicker", models.CharField(max_length=9)),
    ]
    assert problems(SimpleNamespace(operations=steps)) == []
    assert problems(SimpleNamespace(operations=steps[1:]))


def test_who_takes_away_says_since_when_nothing_uses_it():
    said = SimpleNamespace(operations=[migrations.DeleteModel("Story")], contracts="Not read since 1.2.")
    assert problems(said) == []
