from django.core.management.base import BaseCommand
from tqdm import tqdm

from articles.models import Article


class Command(BaseCommand):
    help = (
        "Makes the texts of stories with pictures anew, after the host of pictures has changed (MEDIA_ORIGIN, S3_…): a text has "
        "the addresses that they had when it was saved. It can be stopped and run again."
    )

    def handle(self, *args, **options):
        stories = Article.body_images.through.objects.values_list("article_id", flat=True).distinct()
        count = stories.count()
        for story in tqdm(stories.iterator(chunk_size=500), "", count, unit=" stories", disable=None, file=self.stderr):
            Article(pk=story).render_again()
        self.stdout.write(f"{count} stories name their pictures as they are now.")
