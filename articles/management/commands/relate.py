from django.core.management.base import BaseCommand
from tqdm import tqdm

from articles.related import published, relate_all


class Command(BaseCommand):
    help = "Works out anew which stories go with which. New stories do it by themselves; this is for those that were there before."

    def add_arguments(self, parser):
        parser.add_argument("--missing", action="store_true", help="only stories for which nothing is stored yet")

    def handle(self, *args, missing, **options):
        total = published(missing=missing).count()
        with tqdm(total=total, unit=" stories", disable=None, file=self.stderr) as bar:
            self.stdout.write(f"{relate_all(missing=missing, progress=bar.update)} stories related.")
