"""Migrations are run while the version before is still serving: they add, and take away only what nobody has used for a release.
Those who write meanwhile wait for none of them.

The rules, and how something is renamed or removed in two releases: docs/decisions/0029-migrations-under-load.md.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED
from django.db.models.functions import Now, Random

from articles.expanding import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from newsportal.staff import append_only
from newsportal.tests import test_size

#: Those that were there before anybody ran a release, and those before the rule.
BEFORE_THE_RULE = {"articles": 26, "comments": 7, "adverts": 1, "newsportal": 7}

#: Landed before they were asked, and not changed any more: which rule each breaks, and why it was left so.
EXEMPT = {
    "articles.0027_texts_last": (
        "An operation of its own, which does nothing on PostgreSQL. On SQLite it writes the table of stories anew: saving waits "
        "for some seconds with ten thousand, for minutes with a million, as CHANGELOG.md says."
    ),
    "articles.0028_size_set": (
        "A number with a check that it is not below zero, which PostgreSQL asks of every row: nobody reads or writes pictures "
        "meanwhile, a twentieth of a second for 100,000 of them."
    ),
    "articles.0029_byline_of_story": (
        "A plain index on a table that grows: on PostgreSQL nobody saves a byline while it is built, half a minute for a million "
        "stories. The RunSQL beside it drops an index, which takes a moment."
    ),
    "newsportal.0009_staff": "RunPython without a word: it makes the triggers of a table that is new.",
    "newsportal.0010_administrators_read_the_log": "RunPython without a word: it gives a group two permissions.",
    "newsportal.0011_jobs_by_status": (
        "A plain index by RunSQL, on the table of jobs: what is done goes from it after two weeks, and it is built at once."
    ),
}

#: What a migration says in words, and what it is asked for.
EXCUSES = {
    "contracts": "since when nothing uses what it takes away, or why the version before can go on",
    "blocks": "why those who write may wait for it, and how long",
    "runs": "what it does to the version before, and how long it holds what",
}

#: Tables that are never small: with the archive, and with what the desk does.
GROWING = {*test_size.GROWING, append_only.TABLE}

TAKE_AWAY = (migrations.RemoveField, migrations.DeleteModel, migrations.RenameField, migrations.RenameModel,
             migrations.AlterModelTable, migrations.RemoveConstraint)  # fmt: skip
#: Nobody notices them. All that is neither here nor has a rule says what it does.
HARMLESS = (migrations.CreateModel, migrations.RemoveIndex, migrations.RenameIndex, migrations.AlterModelOptions,
            migrations.AlterModelManagers, ValidateConstraint)  # fmt: skip
#: What may go without a transaction: each is whole or can be done once more.
BY_ITSELF = (AddIndexConcurrently, ValidateConstraint, migrations.RunPython, migrations.RunSQL)
#: PostgreSQL has a check for them, that no number is below zero.
CHECKED = (models.PositiveIntegerField, models.PositiveBigIntegerField, models.PositiveSmallIntegerField)
#: Said of a field in Python alone.
NOT_IN_THE_DATABASE = {*models.Field.non_db_attrs, "default"} - {"db_column"}


class Problem(NamedTuple):
    """`excuse`: what the migration can say instead, one of EXCUSES."""

    excuse: str
    what: str


def problems(migration: migrations.Migration, state: ProjectState) -> list[str]:
    """What in a migration breaks a server of the version before, which goes on writing meanwhile, or has it wait, and it does not
    say why. `state`: before it."""
    return [
        f"{what} (or say in `{excuse}` {EXCUSES[excuse]})"
        for excuse, what in _found(migration, migration.operations, state.clone())
        if not getattr(migration, excuse, "").strip()
    ]


def _found(migration: migrations.Migration, operations: list, state: ProjectState) -> Iterator[Problem]:
    app = migration.app_label
    made_here = {o.name.lower() for o in operations if isinstance(o, migrations.CreateModel)}
    for operation in operations:
        name = operation.describe()
        model = getattr(operation, "model_name", getattr(operation, "name", "")).lower()
        fields = operation.fields if isinstance(operation, migrations.CreateModel) else []
        if isinstance(operation, migrations.AddField):
            fields = [(operation.name, operation.field)]
        for field_name, field in fields:
            if _links_to_what_was_there(field, model, made_here):
                what = "the version before cannot delete what it points at (db_constraint=False)"
                yield Problem("contracts", f"{name}, {field_name}: {what}")
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _found(migration, operation.database_operations, state.clone())
        elif isinstance(operation, migrations.RunSQL | migrations.RunPython) or model not in made_here:
            for problem in _breaks(operation, app, model, state, made_here):
                yield problem._replace(what=f"{name}: {problem.what}")
            grows = (app, model) in state.models and _table(state.models[app, model]) in GROWING
            for what in _keeps_waiting(operation, app, model, state) if grows else ():
                yield Problem("blocks", f"{name}: {what}")
        if not migration.atomic and not isinstance(operation, (*BY_ITSELF, migrations.SeparateDatabaseAndState)):
            yield Problem(
                "runs", f"{name}: without a transaction it could be half done, and would wait for readers without end"
            )
        if migration.atomic and isinstance(operation, AddIndexConcurrently):
            yield Problem("runs", f"{name}: set `atomic = False`, or it is refused on PostgreSQL")
        operation.state_forwards(app, state)
    added = {o.constraint.name for o in operations if isinstance(o, AddConstraintNotValid)}
    for operation in operations:
        if isinstance(operation, ValidateConstraint) and operation.name in added:
            yield Problem(
                "blocks", f"{operation.describe()}: in a later migration, or all is held until every row is looked at"
            )


def _breaks(operation, app: str, model: str, state: ProjectState, made_here: set[str]) -> Iterator[Problem]:
    """What a server of the version before stumbles over, on whichever table."""
    if isinstance(operation, TAKE_AWAY):
        yield Problem("contracts", "the version before still uses it")
    elif isinstance(operation, migrations.AddField):
        if _must_be_given(operation.field):
            yield Problem("contracts", "the version before leaves it out (db_default, or null=True)")
    elif isinstance(operation, migrations.AlterField):
        if _may_narrow(_field(state, app, model, operation.name), operation.field):
            yield Problem("contracts", "what the version before writes may no longer fit")
    elif isinstance(operation, migrations.AddConstraint | migrations.AlterUniqueTogether):
        yield Problem("contracts", "the version before may write what it forbids")
    elif not isinstance(operation, (*HARMLESS, migrations.AddIndex)):
        yield Problem("runs", "nobody can tell what it does")


def _keeps_waiting(operation, app: str, model: str, state: ProjectState) -> Iterator[str]:
    """For what those who write to a table that grows have to wait on PostgreSQL, longer than a moment."""
    if isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        yield "nobody writes while it is built (AddIndexConcurrently of articles.expanding)"
    elif isinstance(operation, migrations.AddField):
        field = operation.field
        if field.unique or field.db_index:
            yield "nobody writes while its index is built (db_index=False, and AddIndexConcurrently in a migration of its own)"
        if (field.many_to_one or field.one_to_one) and field.db_constraint:
            yield "nobody writes while all rows are looked at (db_constraint=False)"
        if isinstance(field, CHECKED):
            yield "nobody reads or writes while all rows are looked at (IntegerField, and AddConstraintNotValid)"
        if field.generated or not _is_the_same_for_all(field.db_default):
            yield "nobody reads or writes while all rows are written anew (a value or Now(), or fill it in batches)"
    elif isinstance(operation, migrations.AlterField):
        if _may_narrow(_field(state, app, model, operation.name), operation.field):
            yield "nobody reads or writes while all rows are looked at, or written anew"
    elif isinstance(operation, migrations.AddConstraint | migrations.AlterUniqueTogether) and not isinstance(
        operation, AddConstraintNotValid
    ):
        yield "nobody writes while all rows are looked at (AddConstraintNotValid, and later ValidateConstraint)"


def _links_to_what_was_there(field: models.Field, model: str, made_here: set[str]) -> bool:
    """Whether rows of the version before are held by a field of this model, or by the table between that it makes."""
    if field.many_to_many:
        # A table between that is named is made by an operation of its own.
        is_held, ends = not field.remote_field.through and field.remote_field.db_constraint, [model]
    else:
        is_held, ends = (field.many_to_one or field.one_to_one) and field.db_constraint, []
    return is_held and not {*ends, field.related_model.rpartition(".")[2].lower()} <= made_here


def _is_the_same_for_all(db_default: object) -> bool:
    """Whether PostgreSQL works it out once and notes it beside the table, as it does with what is not volatile."""
    return not hasattr(db_default, "resolve_expression") or isinstance(db_default, (models.Value, Now))


def _must_be_given(field: models.Field) -> bool:
    return not (field.null or field.db_default is not NOT_PROVIDED or field.many_to_many)


def _may_narrow(before: models.Field | None, after: models.Field) -> bool:
    """Whether something may be in the column, or come from the version before, that the field no longer takes."""
    if before is None:
        return True
    (_, kind, _, was), (_, new_kind, _, becomes) = before.deconstruct(), after.deconstruct()
    changed = {name for name in was.keys() | becomes.keys() if was.get(name) != becomes.get(name)} - NOT_IN_THE_DATABASE
    if after.max_length is None or (before.max_length is not None and before.max_length <= after.max_length):
        changed.discard("max_length")
    if after.null:
        changed.discard("null")
    if not _must_be_given(after):
        changed.discard("db_default")
    return kind != new_kind or bool(changed)


def _field(state: ProjectState, app: str, model: str, name: str) -> models.Field | None:
    found = state.models.get((app, model))
    return found.fields.get(name) if found else None


def _table(model) -> str:
    return model.options.get("db_table") or f"{model.app_label}_{model.name_lower}"


def never_validated(all_of_them: Iterable[migrations.Migration]) -> list[str]:
    """Checks that only new rows pass, of migrations that do not say in `blocks` why it is left so."""
    added, validated = {}, set()
    for migration in all_of_them:
        for operation in migration.operations:
            if isinstance(operation, AddConstraintNotValid) and not getattr(migration, "blocks", "").strip():
                added[operation.constraint.name] = (
                    f"{migration}: {operation.describe()}: nobody looks at the rows that are there"
                )
            elif isinstance(operation, ValidateConstraint):
                validated.add(operation.name)
    return [what for name, what in added.items() if name not in validated]


# --- Ours -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def new() -> dict[str, list[str]]:
    """Every migration since the rule, and what is wrong with it."""
    loader = MigrationLoader(None)
    return {
        f"{app}.{name}": problems(migration, loader.project_state((app, name), at_end=False))
        for (app, name), migration in loader.disk_migrations.items()
        if app in BEFORE_THE_RULE and int(name[:4]) > BEFORE_THE_RULE[app]
    }


def test_every_migration_leaves_the_version_before_running(new):
    assert new
    assert not {name: found for name, found in new.items() if found and name not in EXEMPT}


def test_only_those_are_exempt_that_break_a_rule(new):
    assert EXEMPT.keys() == {name for name in EXEMPT if new.get(name)}


def test_every_check_of_new_rows_is_one_of_all_rows_later():
    found = MigrationLoader(None).disk_migrations
    assert not never_validated(migration for (app, _), migration in sorted(found.items()) if app in BEFORE_THE_RULE)


def test_the_tables_that_grow_are_there():
    assert {model._meta.db_table for model in apps.get_models(include_auto_created=True)} >= GROWING


# --- Made up ----------------------------------------------------------------------------------------------------------


def made_up(*operations, app: str = "articles", **said) -> migrations.Migration:
    return type("Migration", (migrations.Migration,), {"operations": list(operations), **said})("9000_made_up", app)


def before(*fields: tuple[str, models.Field]) -> ProjectState:
    """Stories, whose table grows, and ferries, of which there are few: both with these fields."""
    state = ProjectState()
    for name in ("Article", "Ferry"):
        migrations.CreateModel(name, [("id", models.BigAutoField(primary_key=True)), *fields]).state_forwards(
            "articles", state
        )
    return state


def kicker(**options) -> tuple[str, models.Field]:
    return "kicker", models.CharField(**{"max_length": 9, **options})


INDEX = models.Index(fields=["kicker"], name="kicker")
CHECK = models.CheckConstraint(condition=~models.Q(kicker="x"), name="no_x")
UNIQUE = models.UniqueConstraint(fields=["kicker"], name="one_each")
USER = "auth.User"


def nothing(apps, schema_editor):
    """What a RunPython does may be anything."""


@pytest.mark.parametrize(
    ("operation", "is_a_problem"),
    [
        (migrations.RemoveField("ferry", "kicker"), True),
        (migrations.RenameField("ferry", "kicker", "label"), True),
        (migrations.DeleteModel("Ferry"), True),
        (migrations.AddField("ferry", "label", models.CharField(max_length=9)), True),
        (migrations.AddField("ferry", "label", models.CharField(max_length=9, default="")), True),
        (migrations.AddField("ferry", "label", models.CharField(max_length=9, db_default="")), False),
        (migrations.AddField("ferry", "label", models.DateField(null=True)), False),
        (migrations.AddField("ferry", "of", models.ForeignKey(USER, models.CASCADE, null=True)), True),
        (
            migrations.AddField("ferry", "of", models.ForeignKey(USER, models.CASCADE, null=True, db_constraint=False)),
            False,
        ),
        (migrations.AddField("ferry", "to", models.ManyToManyField(USER)), True),
        (migrations.AddField("ferry", "to", models.ManyToManyField("article", db_constraint=False)), False),
        (migrations.AddField("ferry", "to", models.ManyToManyField(USER, through="articles.Ticket")), False),
        (migrations.CreateModel("Port", []), False),
        (migrations.CreateModel("Port", [("to", models.ManyToManyField("articles.article"))]), True),
        (migrations.CreateModel("Port", [("to", models.ManyToManyField("port"))]), False),
        (migrations.CreateModel("Port", [("to", models.ManyToManyField(USER, db_constraint=False))]), False),
        (migrations.CreateModel("Port", [("of", models.ForeignKey(USER, models.CASCADE))]), True),
        (migrations.CreateModel("Port", [("of", models.OneToOneField("port", models.CASCADE))]), False),
        (migrations.CreateModel("Port", [("of", models.ForeignKey(USER, models.CASCADE, db_constraint=False))]), False),
        (migrations.AddIndex("ferry", INDEX), False),
        (migrations.AlterModelOptions("ferry", {"ordering": ["kicker"]}), False),
        (migrations.AddConstraint("ferry", CHECK), True),
        (migrations.AlterUniqueTogether("ferry", {("id", "kicker")}), True),
        (migrations.SeparateDatabaseAndState([migrations.DeleteModel("Ferry")], []), True),
        (migrations.SeparateDatabaseAndState([], [migrations.DeleteModel("Ferry")]), False),
    ],
    ids=lambda value: value.describe() if hasattr(value, "describe") else "",
)
def test_what_breaks_the_version_before_is_told_from_what_does_not(operation, is_a_problem):
    state = before(kicker())
    assert bool(problems(made_up(operation), state)) is is_a_problem
    assert problems(made_up(operation, contracts="Not read since 1.2."), state) == []
    assert bool(problems(made_up(operation, blocks="It is small.", runs="Nothing."), state)) is is_a_problem


@pytest.mark.parametrize(
    ("was", "becomes", "narrows"),
    [
        ({}, {"null": True}, False),
        ({}, {"max_length": 20}, False),
        ({}, {"verbose_name": "label", "choices": [("a", "A")], "default": "a"}, False),
        ({}, {"db_default": ""}, False),
        ({"null": True}, {"null": True, "max_length": 5}, True),
        ({"db_default": ""}, {"db_default": "", "max_length": 5}, True),
        ({"null": True}, {"db_default": ""}, True),
        ({"db_default": ""}, {}, True),
        ({"db_default": "", "null": True}, {"null": True}, False),
        ({"null": True}, {"null": True, "unique": True}, True),
        ({"null": True}, {"null": True, "db_column": "label"}, True),
    ],
)
def test_a_field_that_narrows_is_told_from_one_that_grows(was, becomes, narrows):
    for table in ("ferry", "article"):
        migration = made_up(migrations.AlterField(table, *kicker(**becomes)))
        assert bool(problems(migration, before(kicker(**was)))) is narrows


def test_a_field_of_another_kind_and_one_that_nobody_knows_may_narrow():
    assert problems(made_up(migrations.AlterField("ferry", "kicker", models.IntegerField(null=True))), before(kicker()))
    assert problems(made_up(migrations.AlterField("ferry", *kicker(null=True))), before())


@pytest.mark.parametrize(
    ("waits", "does_not", "said"),
    [
        (migrations.AddIndex("article", INDEX), AddIndexConcurrently("article", INDEX), {"atomic": False}),
        (
            migrations.AddField("article", "label", models.CharField(max_length=9, null=True, db_index=True)),
            migrations.AddField("article", "label", models.CharField(max_length=9, null=True)),
            {},
        ),
        (
            migrations.AddField("article", "label", models.CharField(max_length=9, null=True, unique=True)),
            migrations.AddField("ferry", "label", models.CharField(max_length=9, null=True, unique=True)),
            {},
        ),
        (
            migrations.AddField("article", "of", models.ForeignKey(USER, models.CASCADE, null=True, db_index=False)),
            migrations.AddField(
                "article",
                "of",
                models.ForeignKey(USER, models.CASCADE, null=True, db_index=False, db_constraint=False),
            ),
            {"contracts": "Nobody is deleted."},
        ),
        (
            migrations.AddField("article", "label", models.FloatField(db_default=Random())),
            migrations.AddField("article", "label", models.FloatField(db_default=models.Value(0.5))),
            {},
        ),
        (
            migrations.AddField(
                "article", "label", models.DateTimeField(db_default=models.Func(function="CLOCK_TIMESTAMP"))
            ),
            migrations.AddField("article", "label", models.DateTimeField(db_default=Now())),
            {},
        ),
        (
            migrations.AddField(
                "article",
                "label",
                models.GeneratedField(expression=models.F("kicker"), output_field=models.TextField(), db_persist=True),
            ),
            migrations.AddField("article", "label", models.TextField(db_default="")),
            {"contracts": "The version before leaves it to the database."},
        ),
        (
            migrations.AddField("article", "label", models.PositiveIntegerField(null=True)),
            migrations.AddField("article", "label", models.IntegerField(null=True)),
            {},
        ),
        (
            migrations.AddConstraint("article", CHECK),
            AddConstraintNotValid("article", CHECK),
            {"contracts": "Kept since 1.2."},
        ),
        (
            migrations.AddConstraint("article", UNIQUE),
            migrations.AddConstraint("ferry", UNIQUE),
            {"contracts": "Kept since 1.2."},
        ),
        (
            migrations.AlterUniqueTogether("article", {("id", "kicker")}),
            migrations.AlterUniqueTogether("ferry", {("id", "kicker")}),
            {"contracts": "Kept since 1.2."},
        ),
        (
            migrations.AlterField("article", *kicker(max_length=5)),
            migrations.AlterField("ferry", *kicker(max_length=5)),
            {"contracts": "Kept since 1.2."},
        ),
    ],
    ids=lambda value: value.describe() if hasattr(value, "describe") else "",
)
def test_those_who_write_to_a_large_table_wait_for_nothing(waits, does_not, said):
    state = before(kicker())
    # A migration that takes away says so, and may keep nobody waiting all the same.
    with_transaction = {name: words for name, words in said.items() if name != "atomic"}
    assert len(problems(made_up(waits, **with_transaction), state)) == 1
    assert problems(made_up(does_not, **said), state) == []
    assert problems(made_up(waits, **with_transaction, blocks="One second for a million."), state) == []


def test_in_a_table_by_another_name_as_well():
    state = ProjectState()
    options = {"db_table": "articles_article"}
    migrations.CreateModel("Story", [kicker()], options=options).state_forwards("articles", state)
    assert problems(made_up(migrations.AddIndex("story", INDEX)), state)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RunSQL("CREATE INDEX kicker ON articles_article (kicker)", migrations.RunSQL.noop),
        migrations.RunPython(nothing, nothing),
        type("PutLast", (migrations.operations.base.Operation,), {"state_forwards": lambda *args: None})(),
        migrations.AlterOrderWithRespectTo("ferry", "kicker"),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_nobody_can_look_into_says_what_it_does(operation):
    state = before(kicker())
    assert len(problems(made_up(operation), state)) == 1
    assert problems(made_up(operation, contracts="Not read since 1.2."), state)
    assert problems(made_up(operation, runs=" "), state)
    assert problems(made_up(operation, runs="One row is written."), state) == []


def test_it_says_so_beside_a_table_that_is_new_as_well():
    assert problems(made_up(migrations.CreateModel("Port", []), migrations.RunPython(nothing)), before())


def test_what_could_be_half_done_has_a_transaction():
    state, index = before(kicker()), AddIndexConcurrently("article", INDEX)
    column = migrations.AddField("article", "label", models.DateField(null=True))
    assert problems(made_up(column, index, atomic=False), state)
    assert problems(made_up(index), state)
    assert problems(made_up(column), state) == problems(made_up(index, atomic=False), state) == []
    # Rows are moved in batches.
    assert problems(made_up(migrations.RunPython(nothing), atomic=False, runs="Batches of 500."), state) == []


def test_a_check_is_validated_after_the_migration_that_adds_it():
    state, add, look = before(kicker()), AddConstraintNotValid("article", CHECK), ValidateConstraint("article", "no_x")
    said = {"contracts": "Kept since 1.2."}
    assert problems(made_up(add, look, **said), state)
    assert problems(made_up(add, **said), state) == problems(made_up(look), state) == []
    assert never_validated([made_up(add)])
    assert never_validated([made_up(add), made_up(look)]) == []
    assert never_validated([made_up(add, blocks="Those of before 2020 stay as they are.")]) == []


def test_a_table_that_is_new_is_made_in_as_many_steps_as_it_takes():
    steps = [
        migrations.CreateModel("Port", []),
        migrations.AddField("port", "kicker", models.CharField(max_length=9)),
        migrations.AddIndex("port", INDEX),
        migrations.AddConstraint("port", UNIQUE),
        migrations.AlterUniqueTogether("port", {("id", "kicker")}),
    ]
    assert problems(made_up(*steps), before()) == []
    # Also one that is made in steps holds nothing that was there.
    for link in (models.ForeignKey(USER, models.CASCADE), models.ManyToManyField(USER)):
        assert problems(made_up(*steps, migrations.AddField("port", "of", link)), before())
    there = before()
    steps[0].state_forwards("articles", there)
    assert problems(made_up(steps[1]), there)
