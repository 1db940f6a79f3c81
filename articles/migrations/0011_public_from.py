"""A version says from when readers saw it: one that was only scheduled when it was saved became public later."""

from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Greatest


def tell_from_when(apps, schema_editor):
    Article, Version = (apps.get_model("articles", name) for name in ("Article", "Version"))
    Version.objects.filter(was_public=True).update(public_from=F("made_at"))
    # What published stories are now is public from their time on, whatever was noted when it was saved.
    live = Article.objects.filter(status="published", pk=OuterRef("article"), version=OuterRef("number"))
    Version.objects.filter(article__status="published", number=F("article__version")).exclude(kind="next").update(
        public_from=Greatest("made_at", Subquery(live.values("publish_at")[:1]))
    )


class Migration(migrations.Migration):
    dependencies = [("articles", "0010_presence")]
    operations = [
        migrations.AddField("version", "public_from", models.DateTimeField(null=True)),
        migrations.AddField("version", "withheld_at", models.DateTimeField(null=True)),
        migrations.RunPython(tell_from_when, migrations.RunPython.noop),
    ]
