import logging

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from articles.models import Image

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Makes the sizes that came with a release, of pictures taken in before it. It can be stopped and run again."

    def handle(self, *args, **options):
        pictures = Image.objects.without_newest_sizes()
        made = failed = 0
        with tqdm(total=pictures.count(), unit=" pictures", disable=None, file=self.stderr) as bar:
            for image in pictures.iterator(chunk_size=500):
                try:
                    made += image.add_newest_sizes()
                except DatabaseError:
                    raise  # its trouble, and no picture's
                except Exception:  # each storage has its own
                    # One whose file is lost is shown as before, where it is, and keeps no other from its sizes.
                    logger.exception("Sizes of picture %s could not be made.", image.pk)
                    failed += 1
                bar.update()
        self.stdout.write(f"{made} pictures have the newest sizes now.")
        if failed:
            raise CommandError(
                f"{failed} failed and are shown as before: the log says why. Run it again once that is mended."
            )
