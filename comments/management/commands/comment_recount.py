from django.core.management.base import BaseCommand
from tqdm import tqdm

from comments.recount import recount


class Command(BaseCommand):
    help = "Counts comments, replies, likes and reports again, and says where what is kept has drifted; --fix mends it."

    def add_arguments(self, parser):
        parser.add_argument("--fix", action="store_true", help="put right what is wrong")

    def handle(self, *args, fix: bool, **options):
        with tqdm(unit=" rows", disable=None, file=self.stderr) as bar:
            drift = recount(fix=fix, progress=bar.update)
        for name, wrong in drift.items():
            self.stdout.write(f"{name}: {wrong} {'put right' if fix else 'wrong'}" if wrong else f"{name}: right")
        if any(drift.values()) and not fix:
            self.stdout.write("Run it again with --fix to put them right.")
