"""How the database finds what a function asks for, read off its own plans, with parameters bound as they are in life."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.utils import timezone

from articles.tests.factories import make_article
from comments.models import Comment, Commenter, Status

STATUSES = [*[Status.PUBLISHED] * 6, Status.PENDING, Status.PENDING, Status.REJECTED, Status.SPAM]


#: A million is what is promised, and takes minutes to make: COMMENTS_IN_CROWD=1000000 asks the same of that.
CROWD = int(os.environ.get("COMMENTS_IN_CROWD", 12_000))
OURS = re.compile(r'FROM "comments_')


def crowd(*, stories: int = 10, comments: int = CROWD) -> list[Comment]:
    """Many comments at once, of every kind, and the statistics that a database has of them."""
    articles = [make_article() for _ in range(stories)]
    guests = [Commenter.objects.by_email(f"guest{number}@example.org") for number in range(100)]
    now = timezone.now()

    def made(number: int, **place: Any) -> Comment:
        status = STATUSES[number % 10]
        time = now - datetime.timedelta(minutes=comments - number)
        return Comment(
            article=place.pop("article", articles[number % stories]), commenter=guests[number % 100], name="Guest",
            body=f"Comment {number}", body_html="", body_hash=f"hash {number}", status=status, network=f"{number % 300:032}",
            browser=f"{number % 900:032}", listed=status == Status.PUBLISHED, created_at=time, reported=number % 500 == 0,
            published_at=time if status == Status.PUBLISHED else None, reviewed_at=time if number % 3 else None, **place,
        )  # fmt: skip

    roots = Comment.objects.bulk_create((made(n, places=9, visible_replies=9) for n in range(comments // 2)), 2_000)
    Comment.objects.bulk_create(
        (
            made(
                comments // 2 + n, article=root.article, root=root, parent=root, ancestors=[root.pk], depth=1,
                place=n // len(roots[:500]) + 1,
            )
            for n in range(comments // 2)
            for root in [roots[n % 500]]
        ),
        2_000,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return roots


def plans_of(asked: Callable[[], Any], *, sorting: bool = False) -> list[str]:
    """The plan of each query over tables of ours that calling `asked` makes, in order.

    PostgreSQL scans and sorts small tables, rightly; it is asked whether there is a way without. With `sorting` a few rows may
    be sorted: without, it would rather walk a whole index that gives the order.
    """
    queries: list[tuple[str, Any]] = []

    def remember(execute, sql, params, many, context):
        if sql.lstrip("(").startswith("SELECT") and OURS.search(sql):
            queries.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(remember):
        asked()
    plans = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = {'on' if sorting else 'off'}")
        for sql, params in queries:
            cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql, params)
            plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))
    return plans


def wasteful(plan: str, *, walks: str = "no index", table: str = "comments_comment") -> bool:
    """Whether it goes through a table (those whose names begin so), or through an index from one end without a condition.

    `walks` names the index that may be walked: in the order that is asked for, up to a limit, where it holds little that is
    then thrown away.
    """
    lines = plan.split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if walks in line:
            continue
        if re.search(rf"SCAN {table}|Seq Scan on {table}", line):
            return True
        # PostgreSQL: an index that is read without a condition is read whole, whatever is filtered from it.
        if re.search(rf"Index (Only )?Scan .*on {table}|Bitmap Index Scan", line) and "Index Cond" not in following:
            return True
    return False


def sorts(plan: str) -> bool:
    return "TEMP B-TREE" in plan or "Sort" in plan
