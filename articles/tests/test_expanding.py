"""What migrations add to large tables is added beside those who write on PostgreSQL, and is the same on SQLite."""

import pytest
from django.db import IntegrityError, NotSupportedError, connection, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from articles.expanding import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint

pytestmark = pytest.mark.django_db(transaction=True)

only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")

TABLE = "articles_ferry"
FERRY = migrations.CreateModel(
    "Ferry", [("id", models.BigAutoField(primary_key=True)), ("seats", models.IntegerField())]
)
INDEX = AddIndexConcurrently("ferry", models.Index(fields=["seats"], name="ferry_seats"))
CHECK = AddConstraintNotValid("ferry", models.CheckConstraint(condition=models.Q(seats__gte=0), name="ferry_has_seats"))
VALIDATE = ValidateConstraint("ferry", "ferry_has_seats")


class Ferries:
    """A table that is migrated, and the state that migrations know it in."""

    def __init__(self):
        self.states = [ProjectState()]

    def migrate(self, operation, *, atomic: bool = False) -> list[str]:
        """What it asks of the database."""
        before, after = self.states[-1], self.states[-1].clone()
        operation.state_forwards("articles", after)
        with CaptureQueriesContext(connection) as asked, connection.schema_editor(atomic=atomic) as editor:
            operation.database_forwards("articles", editor, before, after)
        self.states.append(after)
        return [query["sql"] for query in asked]

    def take_back(self, operation) -> None:
        after = self.states.pop()
        with connection.schema_editor(atomic=False) as editor:
            operation.database_backwards("articles", editor, after, self.states[-1])

    def add(self, seats: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TABLE} (seats) VALUES (%s)", [seats])  # noqa: S608

    def constraints(self) -> dict[str, dict]:
        with connection.cursor() as cursor:
            return connection.introspection.get_constraints(cursor, TABLE)


@pytest.fixture
def ferries():
    found = Ferries()
    found.migrate(FERRY)
    yield found
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {TABLE}")


def test_an_index_is_built_beside_those_who_write_and_taken_back(ferries):
    asked = ferries.migrate(INDEX)
    assert ferries.constraints()["ferry_seats"]["columns"] == ["seats"]
    if connection.vendor == "postgresql":
        assert any("CREATE INDEX CONCURRENTLY" in sql for sql in asked)
    ferries.take_back(INDEX)
    assert "ferry_seats" not in ferries.constraints()


@only_postgresql
def test_an_index_that_was_broken_off_is_built_anew(ferries):
    for seats in (3, 3):
        ferries.add(seats)
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY ferry_seats ON {TABLE} (seats)")
    assert "ferry_seats" in ferries.constraints()
    ferries.migrate(INDEX)
    assert not ferries.constraints()["ferry_seats"]["unique"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ferry_seats'::regclass")
        assert cursor.fetchone() == (True,)


@only_postgresql
def test_in_a_transaction_it_says_what_is_missing(ferries):
    with pytest.raises(NotSupportedError, match="atomic = False"):
        ferries.migrate(INDEX, atomic=True)


def test_new_rows_have_to_pass_a_check_from_the_first_day(ferries):
    ferries.add(3)
    ferries.migrate(CHECK, atomic=True)
    with pytest.raises(IntegrityError, match="ferry_has_seats"):
        ferries.add(-1)
    ferries.migrate(VALIDATE, atomic=True)
    ferries.take_back(VALIDATE)
    with pytest.raises(IntegrityError, match="ferry_has_seats"):
        ferries.add(-1)
    ferries.take_back(CHECK)
    ferries.add(-1)


@only_postgresql
def test_old_rows_are_looked_at_when_it_is_validated(ferries):
    ferries.add(-1)
    ferries.migrate(CHECK, atomic=True)
    with pytest.raises(IntegrityError, match="ferry_has_seats"):
        ferries.migrate(VALIDATE, atomic=True)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET seats = 0")  # noqa: S608
    ferries.migrate(VALIDATE, atomic=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT convalidated FROM pg_constraint WHERE conname = 'ferry_has_seats'")
        assert cursor.fetchone() == (True,)


def test_no_other_constraint_can_be_added_so():
    with pytest.raises(TypeError, match="a check"):
        AddConstraintNotValid("ferry", models.UniqueConstraint(fields=["seats"], name="one_ferry_of_a_size"))
