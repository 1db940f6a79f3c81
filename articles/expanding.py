"""Operations of migrations that add to a large table while others write to it (decision 29), on both databases.

Those of django.contrib.postgres know PostgreSQL alone. SQLite has one writer at a time, and no way to add anything beside others:
there each is what Django does otherwise.
"""

from __future__ import annotations

from typing import Any

from django.db import NotSupportedError, migrations, models
from django.db.migrations.operations.base import Operation


class AddIndexConcurrently(migrations.AddIndex):
    """An index that is built beside those who write, in a migration of `atomic = False` that does nothing else.

    What an earlier attempt has left, such as an index that PostgreSQL calls invalid, is taken out first.
    """

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._refuse_in_transaction(schema_editor)
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.index.name)}")
            schema_editor.add_index(model, self.index, concurrently=True)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            self._refuse_in_transaction(schema_editor)
            schema_editor.remove_index(model, self.index, concurrently=True)

    def describe(self) -> str:
        return f"{super().describe()}, beside those who write"

    def _refuse_in_transaction(self, schema_editor: Any) -> None:
        if schema_editor.connection.in_atomic_block:
            raise NotSupportedError(f"{self.index.name} is built beside those who write: set `atomic = False`.")


class AddConstraintNotValid(migrations.AddConstraint):
    """A check that new rows have to pass from now on. What is there is looked at by ValidateConstraint, in a later migration."""

    def __init__(self, model_name: str, constraint: models.CheckConstraint):
        if not isinstance(constraint, models.CheckConstraint):
            raise TypeError("PostgreSQL adds a check without looking at what is there, and no other constraint.")
        super().__init__(model_name, constraint)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            sql = self.constraint.create_sql(model, schema_editor)
            # Its values are in it already.
            schema_editor.execute(f"{sql} NOT VALID", params=None)

    def describe(self) -> str:
        return f"{super().describe()}, for new rows"


class ValidateConstraint(Operation):
    """Looks whether all rows pass a check, while others write. SQLite has looked when it was added."""

    reversible = True

    def __init__(self, model_name: str, name: str):
        self.model_name, self.name = model_name, name

    def deconstruct(self) -> tuple[str, list, dict[str, str]]:
        return type(self).__qualname__, [], {"model_name": self.model_name, "name": self.name}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The model has it since it was added."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor != "postgresql" or not self.allow_migrate_model(
            schema_editor.connection.alias, model
        ):
            return
        table, name = map(schema_editor.quote_name, (model._meta.db_table, self.name))
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """What has been looked at stays so."""

    def describe(self) -> str:
        return f"Validate constraint {self.name} on model {self.model_name}"
