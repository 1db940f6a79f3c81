"""A copy of the database that lags behind shows nobody what is old."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deploy import loopback
from newsportal.environment import BASE_DIR
from newsportal.tests import nodes

psycopg = pytest.importorskip("psycopg")

pytestmark = pytest.mark.skipif(
    not Path(loopback._program("initdb")).is_file(), reason="no programs of PostgreSQL here"
)

MAKE = """
from articles.tests.factories import make_article
article = make_article(headline="In the beginning")
article.mark_updated(None)
print(article.get_absolute_url())
"""
RENAME = """
from articles.models import Article
article = Article.objects.get()
article.headline = "{}"
article.save()
"""

#: As a letter is written while the address is typed for the first time.
LINK = """
from comments.identity import confirmation_token
from comments.models import Commenter
print(confirmation_token(Commenter.objects.by_email("ottilie@example.org")))
"""
END = """
from comments.models import Commenter
Commenter.objects.get().forget_browsers()
"""

WITHHOLD = """
from articles.models import Version
Version.objects.get(number=1).withhold(None)
"""
FORBID = """
from newsportal.models import WellKnownFile
WellKnownFile.objects.create(name="robots", text="User-agent: GPTBot")
"""


@pytest.fixture
def original():
    # Not one of pytest's own folders, which only their owner enters: PostgreSQL is not run by root.
    with tempfile.TemporaryDirectory(prefix="newsportal-") as folder, loopback.postgresql(Path(folder)) as url:
        yield Path(folder), url


def manage(url: str, *command: str) -> str:
    """What a command says."""
    environment = os.environ | {"DATABASE_URL": url, "CACHE_URL": "locmemcache://", "DEBUG": "true"}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=BASE_DIR,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def queries_of(copy) -> int:
    """How many rows of stories the copy has been asked for so far."""
    copy.execute("SELECT pg_stat_force_next_flush()")
    return copy.execute(
        "SELECT seq_scan + idx_scan FROM pg_stat_user_tables WHERE relname = 'articles_article'"
    ).fetchone()[0]


def test_pages_are_made_from_a_copy_that_has_followed_and_from_no_other(original):
    folder, url = original
    manage(url, "migrate", "-v0")
    first = manage(url, "shell", "-v0", "-c", MAKE).strip() + "versions/1/"
    with (
        loopback.postgresql_replica(folder, url) as copy_url,
        nodes.running(
            1, DATABASE_URL=url, DATABASE_REPLICA_URL=copy_url, CACHE_URL="locmemcache://", PUBLIC_VERSIONS="true"
        ) as [node],
        psycopg.connect(copy_url, autocommit=True) as copy,
    ):
        before = queries_of(copy)
        assert "In the beginning" in nodes.get(node, "/latest/")[1]
        loopback.wait_until(lambda: queries_of(copy) > before, "the copy, which was to be read from,")

        copy.execute("SELECT pg_wal_replay_pause()")
        # No page shows guests: nothing tells that the copy has not followed. And who comes by a letter may have no cookie.
        link = manage(url, "shell", "-v0", "-c", LINK).strip()
        assert nodes.get(node, f"/comments/confirm/{link}/")[0] == 200
        manage(url, "shell", "-c", END)
        assert nodes.get(node, f"/comments/confirm/{link}/")[0] == 404
        # Nor what versions there are, and what machines are told.
        assert nodes.get(node, first)[0] == 200
        manage(url, "shell", "-c", WITHHOLD)
        assert nodes.get(node, first)[0] == 404
        manage(url, "shell", "-c", FORBID)
        assert "GPTBot" in nodes.get(node, "/robots.txt")[1]

        manage(url, "shell", "-c", RENAME.format("While it slept"))
        assert "While it slept" in nodes.get(node, "/latest/")[1]
        assert "While it slept" in nodes.get(node, "/latest/")[1]

        copy.execute("SELECT pg_wal_replay_resume()")
        manage(url, "shell", "-c", RENAME.format("Awake again"))
        assert "Awake again" in nodes.get(node, "/latest/")[1]

    # The copy is gone: its node is another one, which has never kept a page.
    with nodes.running(1, DATABASE_URL=url, DATABASE_REPLICA_URL=copy_url, CACHE_URL="locmemcache://") as [node]:
        assert "Awake again" in nodes.get(node, "/latest/")[1]
