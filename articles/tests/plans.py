"""How a database would go about a query."""

from __future__ import annotations

from django.db import connection


def plan_of(sql: str) -> str:
    """Its plan if the tables were large: PostgreSQL rightly scans and sorts small ones, and is asked whether it has to."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
            )
        cursor.execute("ANALYZE")
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + sql)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
