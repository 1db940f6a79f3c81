from django.core.management.base import BaseCommand
from tqdm import tqdm

from comments.learning import learn_anew


class Command(BaseCommand):
    help = "Teaches the comment classifier anew from all that moderators have decided."

    def handle(self, *args, **options):
        with tqdm(unit=" comments", disable=None, file=self.stderr) as bar:
            count = learn_anew(progress=bar.update)
        self.stdout.write(f"Learned from {count} comments.")
