from django.core.management.base import BaseCommand
from django.db import connection
from tqdm import tqdm

from articles.models import SearchEntry, SearchWord
from articles.search.entries import BATCH, index, outdated


class Command(BaseCommand):
    help = (
        "Brings search up to date: stories that it does not know, and all of them where it has other rules by now (another "
        "LANGUAGE_CODE, a newer version). Broken off, it goes on where it was when it is run again."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--all", action="store_true", help="make everything anew, the words for misspelling as well"
        )

    def handle(self, *args, verbosity, **options):
        if options["all"]:
            SearchWord.objects.all().delete()
            SearchEntry.objects.update(rules="", digest="")
        stories = outdated().order_by("-pk")
        done, below = 0, None
        with tqdm(total=stories.count(), unit=" stories", disable=None if verbosity else True, file=self.stderr) as bar:
            # From the newest on: what readers look for most is found first, while the rest is still being done.
            while numbers := list(
                (stories.filter(pk__lt=below) if below else stories).values_list("pk", flat=True)[:BATCH]
            ):
                index(numbers)
                done, below = done + len(numbers), numbers[-1]
                bar.update(len(numbers))
        if done and connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO articles_fulltext (articles_fulltext) VALUES ('optimize')")
        if verbosity:
            self.stdout.write(f"Search is up to date: {done} {'story' if done == 1 else 'stories'} done.")
