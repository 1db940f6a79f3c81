"""Indexes that the desk's lists follow: of a status, of a section, and one's own that are not out."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0025_search_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                models.F("status"),
                models.OrderBy(models.F("modified_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="article_status_desk",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                models.F("section"),
                models.OrderBy(models.F("modified_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="article_section_desk",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                models.F("created_by"),
                models.F("status"),
                models.OrderBy(models.F("modified_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="article_own_desk",
            ),
        ),
    ]
