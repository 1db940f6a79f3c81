"""A large newspaper of invented stories, to try things at size."""

from __future__ import annotations

import sys

from django.core.management import BaseCommand, CommandError
from tqdm import tqdm

from articles.models import Article
from newsportal.filling import Filling
from newsportal.filling.set_aside import put_back


class Command(BaseCommand):
    help = (
        "Fills an empty newspaper with invented stories and comments, as many as asked for: to see how all of this behaves at "
        "size. The same seed gives the same newspaper. A million stories with ten million comments need about 35 GB."
    )

    def add_arguments(self, parser):
        parser.add_argument("--articles", type=int, default=1_000, help="how many stories (1000)")
        parser.add_argument("--comments", type=int, default=None, help="how many comments (ten a story)")
        parser.add_argument("--seed", type=int, default=7, help="another number gives another newspaper (7)")
        parser.add_argument(
            "--add", action="store_true", help="add to the stories that there are: nothing takes them out"
        )

    def handle(self, *args, articles: int, comments: int | None, seed: int, add: bool, verbosity: int, **options):
        comments = 10 * articles if comments is None else comments
        if articles < 1 or comments < 0:
            raise CommandError("Ask for at least one story, and for no fewer comments than none.")
        if again := put_back():
            self.stdout.write(
                f"A filling was broken off here: {again} indexes and references that it had set aside are back."
            )
        if not add and Article.objects.exists():
            raise CommandError(
                "There are stories here already. Invented ones among them cannot be taken out again: fill an empty database, or "
                "say --add if that is what you want."
            )
        with tqdm(total=articles + comments, unit=" rows", unit_scale=True, file=sys.stderr, mininterval=1,
                  disable=None if verbosity else True) as bar:  # fmt: skip
            Filling(articles=articles, comments=comments, seed=seed).write(progress=bar.update)
        if verbosity:
            self.stdout.write(f"{articles:,} stories with {comments:,} comments were written.")
