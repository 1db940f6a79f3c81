"""The next release's `migrate` runs under load, while a node of this release goes on, and no request fails.

    python deploy/drills/migration.py [--sqlite] [--comments 50000]

The next release is this one with one more migration of its largest table: two columns and an index, added as
docs/decisions/0029-migrations-under-load.md says. The node knows nothing of them, and what it writes must still fit.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from installation import (
    Drill,
    Use,
    folder_for,
    given_back,
    let_go,
    loopback,
    newsroom,
    options_of,
    prepare,
    taken,
    whole,
)

SETTINGS = """
from newsportal.settings import *
MIGRATION_MODULES = {"comments": "expanded"}
"""
EXPAND = """
from django.db import migrations, models
{imports}

class Migration(migrations.Migration):
    dependencies = [("comments", "{last}")]
    {atomic}
    operations = [
        migrations.AddField("comment", "drilled_at", models.DateTimeField(null=True)),
        migrations.AddField("comment", "drilled", models.CharField(max_length=9, db_default="no")),
        {index}("comment", models.Index(fields=["drilled", "-id"], name="comment_drilled")),
    ]
"""


def main() -> None:
    options, drill = options_of(__doc__, both=True, comments=50_000), Drill("migration")
    with folder_for("migration") as folder, ExitStack() as stack:
        url = f"sqlite:///{folder}/db.sqlite3" if options.sqlite else stack.enter_context(loopback.postgresql(folder))
        environment = prepare(folder, url)
        story, draft = newsroom()
        fill(options.comments)
        drill.says(f"a newspaper on {'SQLite' if options.sqlite else 'PostgreSQL'} with {options.comments:,} comments")
        [node] = stack.enter_context(loopback.nodes(1, environment, quiet=not options.verbose))
        with Use(node, story, draft) as use:
            drill.comes_to("comments and saves are taken", lambda: go_on(use, 0, 0))
            began = time.monotonic()
            migrated = subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0"],
                cwd=loopback.PROJECT, env=os.environ | next_release(folder, options.sqlite), capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            took = f"{time.monotonic() - began:.1f} s"
            drill.holds(f"the next release's migrate runs through ({took})", migrated.returncode == 0, migrated.stderr)
            comments, saves = len(taken(use.comments)), len(taken(use.saves))
            drill.comes_to("comments and saves are taken after it", lambda: go_on(use, comments, saves))
        drill.holds(f"{use.read.total()} pages were read, all with 200", set(use.read) == {200}, dict(use.read))
        for sent, what in ((use.comments, "comments"), (use.saves, "saves")):
            missed = [one.answer.status for one in sent if one not in taken(sent)]
            drill.holds(f"all {len(sent)} {what} were taken", not missed and not given_back(sent), missed)
        drill.says(", ".join(f"{what} waited at most {seconds:.2f} s" for what, seconds in use.waits.items()))
        drill.holds("the new column is there, and what this version has written fits", is_expanded())
        whole(drill)
    drill.end()


def go_on(use: Use, comments: int, saves: int) -> bool:
    return len(taken(use.comments)) >= comments + 5 and len(taken(use.saves)) >= saves + 3


def fill(comments: int) -> None:
    from django.core.management import call_command

    call_command("fill", articles=max(10, comments // 100), comments=comments, add=True, verbosity=0)
    let_go()


def next_release(folder: Path, is_sqlite: bool) -> dict[str, str]:
    """Its environment: our migrations of comments, and one more."""
    package = folder / "next" / "expanded"
    package.mkdir(parents=True)
    ours = loopback.PROJECT / "comments" / "migrations"
    names = sorted(path.stem for path in ours.glob("0*.py"))
    for path in ours.glob("*.py"):
        (package / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    migration = EXPAND.format(
        last=names[-1],
        imports="" if is_sqlite else "from django.contrib.postgres.operations import AddIndexConcurrently",
        # An index that is made beside those who write takes no transaction.
        atomic="" if is_sqlite else "atomic = False",
        index="migrations.AddIndex" if is_sqlite else "AddIndexConcurrently",
    )
    (package / "9000_expand.py").write_text(migration, encoding="utf-8")
    (folder / "next" / "next_release.py").write_text(SETTINGS, encoding="utf-8")
    return {"PYTHONPATH": str(folder / "next"), "DJANGO_SETTINGS_MODULE": "next_release"}


def is_expanded() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM comments_comment WHERE drilled <> 'no' OR drilled_at IS NOT NULL")
        is_so = cursor.fetchone() == (0,)
    let_go()
    return is_so


if __name__ == "__main__":
    main()
