from django.db import migrations

TABLE, NAME = "django_tasks_database_dbtaskresult", "newsportal_jobs_by_status"


class Migration(migrations.Migration):
    """What has failed and what is running is asked for every minute; the library has an index of what is ready alone."""

    dependencies = [
        ("newsportal", "0010_administrators_read_the_log"),
        ("django_tasks_database", "0021_conditional_partial_index_ordering"),
    ]

    operations = [
        migrations.RunSQL(
            f"CREATE INDEX IF NOT EXISTS {NAME} ON {TABLE} (status, finished_at)", f"DROP INDEX IF EXISTS {NAME}"
        ),
    ]
