"""The words of the pictures that are there. Those that a version before adds meanwhile are seen to within the hour
(articles.search.library.index_missing).
"""

from django.db import migrations, transaction
from django.db.models import Exists, OuterRef

from articles.search import entries, library, spelling

BATCH = 500


def index(apps, schema_editor):
    Image, PictureEntry = (apps.get_model("articles", name) for name in ("Image", "PictureEntry"))
    below = None
    while True:
        known = PictureEntry.objects.filter(picture=OuterRef("pk"))
        pictures = Image.objects.filter(~Exists(known)).order_by("-pk").values_list("pk", *library.SEARCHED)
        batch = list((pictures.filter(pk__lt=below) if below else pictures)[:BATCH])
        if not batch:
            return
        with transaction.atomic():
            PictureEntry.objects.bulk_create(
                [
                    PictureEntry(picture=number, rules=entries.rules(), words=library.words_of(texts))
                    for number, *texts in batch
                ],
                ignore_conflicts=True,
            )
            spelling.learn(text for _, *texts in batch for text in texts)
        below = batch[-1][0]


class Migration(migrations.Migration):
    atomic = False
    runs = "Batches of 500, each a transaction of its own; broken off, it goes on where it was."
    dependencies = [("articles", "0033_picture_search")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
