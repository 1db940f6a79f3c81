"""Of a story's row in SQLite the long texts stand last: all that a list shows is in its first page, and nothing behind them is looked for.

SQLite reads a row from its beginning, and what does not fit into a page is a chain of others
(https://www.sqlite.org/fileformat.html#cell_payload_overflow_pages): what stands behind two texts of five kilobytes cost three
more pages for each story of each list. PostgreSQL has long texts elsewhere.
"""

from django.db import migrations
from django.db.migrations.operations.base import Operation


class PutLast(Operation):
    """Move fields behind all others of their model, in this order; their table is written anew on SQLite alone."""

    reversible = True

    def __init__(self, model_name, names):
        self.model_name, self.names = model_name, names

    def deconstruct(self):
        return type(self).__qualname__, [self.model_name, self.names], {}

    def describe(self):
        return f"Put {', '.join(self.names)} last in {self.model_name}"

    def state_forwards(self, app_label, state):
        model = state.models[app_label, self.model_name]
        last = {name: model.fields.pop(name) for name in self.names}
        model.fields |= last
        state.reload_model(app_label, self.model_name, delay=True)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        connection = schema_editor.connection
        model = to_state.apps.get_model(app_label, self.model_name)
        if connection.vendor != "sqlite" or not self.allow_migrate_model(connection.alias, model):
            return
        table = model._meta.db_table
        with connection.cursor() as cursor:
            # A number that a deleted story had is not given again: the new table would begin behind the highest that is there.
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            given = cursor.fetchone()
            known = _statistics(cursor, table)
            schema_editor._remake_table(model)
            if given:
                cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [given[0], table])
            # They went with the table, and it is as large as it was: plans depend on them.
            if known:
                cursor.executemany("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (%s, %s, %s)", known)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        """In which order columns stand means nothing to the version before."""


def _statistics(cursor, table):
    """What ANALYZE has said of a table, if it was ever run (https://www.sqlite.org/fileformat.html#the_sqlite_stat1_table)."""
    cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")
    if not cursor.fetchone()[0]:
        return []
    cursor.execute("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = %s", [table])
    return cursor.fetchall()


class Migration(migrations.Migration):
    dependencies = [("articles", "0026_desk_lists")]

    operations = [
        PutLast("article", ["standfirst", "withdrawal_note", "search_description", "body_html", "body"]),
    ]
