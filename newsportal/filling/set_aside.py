"""While an empty newspaper is filled, what costs more with every row waits until all rows are there: indexes and references.

What is taken down is written into a table in the same transaction, as the statement that puts it back, and put back one statement a
transaction: whatever a filling was ended by, `put_back()` goes on from there. Unique indexes stay, so that nothing is there twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

TABLE = "newsportal_setaside"
#: Tables that get most of the rows.
FILLED = (
    "articles_article", "articles_byline", "articles_taggedarticle", "articles_article_body_images", "articles_version",
    "articles_statuschange", "articles_searchentry", "comments_comment", "comments_decision", "comments_like",
)  # fmt: skip
#: SQLite reads whole rows to build an index, which costs more than to add to one at its end, where most of these grow. These
#: have no end: their values are scattered.
SCATTERED = ("comment_same_text",)
#: Of the index of words: how much of it is gathered in memory (bytes), and when parts of it are put together, which `optimize`
#: does in the end (https://www.sqlite.org/fts5.html#the_automerge_configuration_option and following).
GATHERED = {"automerge": (0, 4), "crisismerge": (1_000, 16), "hashsize": (64 * 2**20, 2**20)}

Change = tuple[str, str]


@contextmanager
def set_aside() -> Iterator[None]:
    """For a database whose tables are empty."""
    with transaction.atomic(), connection.cursor() as cursor:
        number = "bigserial" if connection.vendor == "postgresql" else "integer PRIMARY KEY"
        cursor.execute(f"CREATE TABLE {TABLE} (id {number}, statement text NOT NULL)")
        for away, back in _of_postgresql() if connection.vendor == "postgresql" else _of_sqlite():
            cursor.execute(away)
            cursor.execute(f"INSERT INTO {TABLE} (statement) VALUES (%s)", [back])  # noqa: S608
    try:
        if connection.vendor == "sqlite":
            # Of this connection alone.
            connection.disable_constraint_checking()
        yield
    finally:
        connection.enable_constraint_checking()
        put_back()


def put_back() -> int:
    """Whatever a filling has set aside and not put back; how much that was."""
    if TABLE not in connection.introspection.table_names():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, statement FROM {TABLE} ORDER BY id")  # noqa: S608
        waiting = cursor.fetchall()
        for number, statement in waiting:
            with transaction.atomic():
                cursor.execute(statement)
                cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [number])  # noqa: S608
        cursor.execute(f"DROP TABLE {TABLE}")
    return len(waiting)


def _of_sqlite() -> Iterator[Change]:
    with connection.cursor() as cursor:
        for name in SCATTERED:
            cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = %s", [name])
            yield f"DROP INDEX {name}", cursor.fetchone()[0]
    for option, (now, later) in GATHERED.items():
        told = "INSERT INTO articles_fulltext (articles_fulltext, rank) VALUES ('{}', {})"
        yield told.format(option, now), told.format(option, later)


def _of_postgresql() -> Iterator[Change]:
    with connection.cursor() as cursor:
        # References first: an index that they need to be checked by comes before them again.
        cursor.execute(
            "SELECT quote_ident(conname), conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY 2, 1",
            [list(FILLED)],
        )
        references = cursor.fetchall()
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = ANY(%s::regclass[]) AND NOT indisunique ORDER BY indrelid, 1",
            [list(FILLED)],
        )
        indexes = cursor.fetchall()
    for name, definition in indexes:
        yield f"DROP INDEX {name}", definition
    for name, table, definition in references:
        yield f"ALTER TABLE {table} DROP CONSTRAINT {name}", f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
