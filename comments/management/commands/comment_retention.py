from django.core.management.base import BaseCommand
from tqdm import tqdm

from comments.privacy import forget_in_time
from comments.signals import forgotten_in_time


class Command(BaseCommand):
    help = "Forgets what has been kept long enough: hashes of networks and browsers, and texts that are gone. To be run daily."

    def handle(self, *args, **options):
        with tqdm(unit=" rows", disable=None, file=self.stderr) as bar:
            done = forget_in_time(progress=bar.update)
        forgotten_in_time.send(sender=Command)
        for name, count in done.items():
            self.stdout.write(f"{name}: {count} forgotten")
