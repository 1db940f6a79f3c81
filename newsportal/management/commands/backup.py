from django.core.management import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat

from newsportal import nightly
from newsportal.backup import BackupError
from newsportal.backup.backing_up import back_up


class Command(BaseCommand):
    help = (
        "Makes a backup of the database and the media while the site is running: an archive, and beside it the media files, each "
        "once for all archives. SECRET_KEY, PRIVACY_KEY and the other variables are not in it: keep them elsewhere."
    )
    # Whatever state the database is in, it is worth a backup.
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("to", help="a folder, or s3://bucket/prefix with the S3_… variables of media")
        parser.add_argument(
            "--keep", type=int, default=None, help="keep so many backups of this site there, and delete older ones"
        )

    def handle(self, *args, to: str, keep: int | None, verbosity: int, **options):
        if keep is not None and keep < 1:
            raise CommandError("--keep must leave at least one backup.")
        try:
            made = back_up(to, keep=keep or 0)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from error
        nightly.note(nightly.BACKUP, place=str(made.place))
        for warning in made.warnings:
            self.stderr.write(f"Warning: {warning}")
        if verbosity:
            deleted = f" {len(made.deleted)} older deleted." if made.deleted else ""
            self.stdout.write(
                f"{made.name} is in {made.place}: {sum(made.manifest.counts.values()):,} rows, {made.manifest.media_files:,} media "
                f"files, of which {made.copied_files:,} ({filesizeformat(made.copied_bytes)}) were not there yet.{deleted}"
            )
