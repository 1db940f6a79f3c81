import datetime

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from newsportal import nightly
from newsportal.backup import BackupError
from newsportal.backup.opening import ended_tidily
from newsportal.backup.verifying import verify


class Command(BaseCommand):
    help = (
        "Proves that a backup can be restored, by restoring it aside: checksums, the database and its rows, and that every media "
        "file that rows name is there. The site is not touched. Ends with a line for each thing wrong and a code other than 0."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument(
            "of", help="an archive, or the folder or s3://bucket/prefix of which the newest of this site is taken"
        )
        parser.add_argument(
            "--unsigned", action="store_true",
            help="also a backup that is not signed with this installation's SECRET_KEY: PostgreSQL runs what is in it",
        )  # fmt: skip

    def handle(self, *args, of: str, unsigned: bool, verbosity: int, **options):
        try:
            with ended_tidily():
                verdict = verify(of, unsigned=unsigned)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        if verdict.problems:
            raise CommandError("\n".join([*verdict.problems, f"{verdict.name} is not as it should be."]))
        told = verdict.manifest
        if told.site == settings.SITE_URL:
            nightly.note(nightly.VERIFIED_BACKUP, at=datetime.datetime.fromisoformat(told.made_at))
        if verbosity:
            self.stdout.write(
                f"{verdict.name} of {told.site} is good: made {told.made_at} by newsportal {told.newsportal}, {told.engine}, "
                f"{sum(told.counts.values()):,} rows in {len(told.counts)} tables, {told.media_files:,} media files."
            )
