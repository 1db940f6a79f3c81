"""The months of an installation that has stories already."""

import datetime

from django.db import migrations
from django.db.models import Count, Max
from django.db.models.functions import TruncMonth
from django.utils import timezone


def fill(apps, schema_editor):
    zone, midnight = timezone.get_default_timezone(), datetime.time()
    published = apps.get_model("articles", "Article").objects.filter(status="published")
    by_month = published.annotate(month=TruncMonth("publish_at", tzinfo=zone)).order_by().values("month")
    SitemapMonth = apps.get_model("articles", "SitemapMonth")
    SitemapMonth.objects.all().delete()
    for row in by_month.annotate(stories=Count("pk"), latest=Max("publish_at"), updated=Max("updated_at")):
        first = row["month"].date()
        following = (first + datetime.timedelta(days=31)).replace(day=1)
        SitemapMonth.objects.create(
            first=first,
            starts_at=datetime.datetime.combine(first, midnight, zone),
            ends_at=datetime.datetime.combine(following, midnight, zone),
            stories=row["stories"],
            latest_at=row["latest"],
            # Withdrawals of before were not kept by month: the last real update is what is known.
            changed_at=row["updated"],
        )


class Migration(migrations.Migration):
    dependencies = [("articles", "0020_sitemap_month")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
