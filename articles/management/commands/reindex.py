from collections.abc import Callable
from functools import partial
from types import ModuleType

from django.core.management.base import BaseCommand
from django.db import connection
from tqdm import tqdm

from articles.models import PictureEntry, SearchEntry, SearchWord
from articles.search import entries, library
from articles.search.entries import BATCH


class Command(BaseCommand):
    help = (
        "Brings search up to date: stories and pictures that it does not know, and all of them where it has other rules by "
        "now (another LANGUAGE_CODE, a newer version). Broken off, it goes on where it was when it is run again."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--all", action="store_true", help="make everything anew, the words for misspelling as well"
        )

    def handle(self, *args, verbosity, **options):
        if options["all"]:
            SearchWord.objects.all().delete()
            SearchEntry.objects.update(rules="", digest="")
            PictureEntry.objects.update(rules="")
        bar = partial(tqdm, disable=None if verbosity else True, file=self.stderr)
        stories = self._index(entries, "articles_fulltext", partial(bar, unit=" stories"))
        pictures = self._index(library, "articles_picturetext", partial(bar, unit=" pictures"))
        if verbosity:
            told = f"{stories} {'story' if stories == 1 else 'stories'}"
            told += f" and {pictures} {'picture' if pictures == 1 else 'pictures'}"
            self.stdout.write(f"Search is up to date: {told} done.")

    def _index(self, kind: ModuleType, table: str, bar: Callable[..., tqdm]) -> int:
        """Bring what is outdated of a kind up to date, and its full text on SQLite into one piece; how many that were."""
        outdated = kind.outdated().order_by("-pk")
        done, below = 0, None
        with bar(total=outdated.count()) as progress:
            # From the newest on: what is looked for most is found first, while the rest is still being done.
            while numbers := list(
                (outdated.filter(pk__lt=below) if below else outdated).values_list("pk", flat=True)[:BATCH]
            ):
                kind.index(numbers)
                done, below = done + len(numbers), numbers[-1]
                progress.update(len(numbers))
        if done and connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608  (a constant)
        return done
