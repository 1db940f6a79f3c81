import logging

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from articles.models import Article
from articles.share_cards import renew

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Makes the share cards that are missing or show what a story no longer is, newest stories first."

    def handle(self, *args, **options):
        stories = Article.objects.exclude(publish_at=None).newest_first()
        stories = stories.select_related("section", "lead_image").defer("body", "body_html")
        made = failed = 0
        with tqdm(total=stories.count(), unit=" stories", disable=None, file=self.stderr) as bar:
            for article in stories.iterator(chunk_size=500):
                try:
                    made += renew(article)
                except DatabaseError:
                    raise  # its trouble, and no story's
                except Exception:  # each storage has its own
                    # A picture whose file is lost keeps its story without a card, and no other.
                    logger.exception("The share card of story %s could not be made.", article.pk)
                    failed += 1
                bar.update()
        self.stdout.write(f"{made} share cards made or taken away.")
        if failed:
            raise CommandError(f"{failed} failed: the log says why. Run it again once that is mended.")
