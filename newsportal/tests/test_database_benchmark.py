"""What PostgreSQL's part of a page is, is counted whole."""

import pytest
from django.db import connection

from benchmarks.database import Share, postgresql_seconds, report


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL")
@pytest.mark.django_db
def test_what_postgresql_uses_is_counted_also_of_a_process_that_has_ended():
    before = postgresql_seconds()
    with connection.copy().cursor() as cursor:
        while postgresql_seconds() < before + 0.1:
            cursor.execute("SELECT count(*) FROM generate_series(1, 300000)")
        used = postgresql_seconds()
        cursor.db.close()
    assert postgresql_seconds() >= used
    told = report([Share("front", database=2.0, site=4.0)])
    assert "PostgreSQL" in told and "500" in told
