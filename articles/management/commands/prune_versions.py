from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from articles.editing.prune import UNSAVED_KEPT, left_unsaved, prune, prune_unsaved, superseded


class Command(BaseCommand):
    help = (
        "Deletes old versions that readers never saw, and private copies of unsaved text after "
        f"{UNSAVED_KEPT.days} days. Every version that was ever public stays. To be run weekly."
    )

    def add_arguments(self, parser):
        parser.add_argument("--days", type=int, default=90, help="how old they are at least (90)")
        parser.add_argument("--dry-run", action="store_true", help="only say how many would go")

    def handle(self, *args, days, dry_run, **options):
        if days < 1:
            raise CommandError("--days must be 1 or more: forms that are open still begin from yesterday's versions.")
        if dry_run:
            self.stdout.write(f"{superseded(days).count()} versions would go.")
            self.stdout.write(f"{left_unsaved().count()} unsaved copies would go.")
            return
        with tqdm(unit=" versions", disable=None, file=self.stderr) as bar:
            self.stdout.write(f"{prune(days, progress=bar.update)} versions deleted.")
        self.stdout.write(f"{prune_unsaved()} unsaved copies deleted.")
