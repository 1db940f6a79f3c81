from django.core.management import BaseCommand, CommandError

from newsportal.backup import BackupError
from newsportal.backup.opening import ended_tidily
from newsportal.backup.restoring import restore


class Command(BaseCommand):
    help = (
        "Restores a backup: the database, and the media that are missing or different. Everything is checked before anything is "
        "touched. Older states are brought up to this version. Pages that are kept anywhere are made anew. Everybody logs in again."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument(
            "of", help="an archive, or the folder or s3://bucket/prefix of which the newest of this site is taken"
        )
        parser.add_argument(
            "--replace",
            action="store_true",
            help="also if the database is not empty; what is there is kept aside first",
        )
        parser.add_argument(
            "--no-aside", action="store_true",
            help="on PostgreSQL, keep no backup of what is replaced: where it cannot be read any more",
        )  # fmt: skip
        parser.add_argument(
            "--from-site", default="", metavar="URL",
            help="the SITE_URL of the site that the backup is of, where that is another than this one: without it only an empty "
            "database takes such a backup",
        )  # fmt: skip

        parser.add_argument(
            "--unsigned", action="store_true",
            help="also a backup that is not signed with this installation's SECRET_KEY",
        )  # fmt: skip

    def handle(
        self, *args, of: str, replace: bool, no_aside: bool, from_site: str, unsigned: bool, verbosity: int, **options
    ):
        site = from_site.rstrip("/")
        try:
            with ended_tidily():
                done = restore(of, replace=replace, keep_aside=not no_aside, from_site=site, unsigned=unsigned)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        if verbosity:
            said = [f"{done.name} of {done.manifest.site} is restored: {sum(done.manifest.counts.values()):,} rows."]
            said.append(f"{done.media_files:,} of {done.manifest.media_files:,} media files were missing or different.")
            if done.migrations:
                said.append(f"{len(done.migrations)} migrations were run.")
            if done.aside:
                said.append(f"What was there before is in {done.aside}.")
            if done.restart:
                said.append("It could not be read: restart all processes of the site, which have it open.")
            self.stdout.write("\n".join(said))
