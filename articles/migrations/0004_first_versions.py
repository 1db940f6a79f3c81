"""Stories that exist before versions do get their first one: what they are."""

import hashlib

from django.db import migrations

BATCH = 500
PLAIN = ("headline", "short_headline", "standfirst", "kind", "dateline", "slug")


def first_versions(apps, schema_editor):
    Article, Version, Text = (apps.get_model("articles", name) for name in ("Article", "Version", "Text"))
    Byline, Tagged = apps.get_model("articles", "Byline"), apps.get_model("articles", "TaggedArticle")
    after = 0
    while articles := list(Article.objects.filter(version=0, pk__gt=after).order_by("pk")[:BATCH]):
        after = articles[-1].pk
        digests = {article.pk: hashlib.sha256(article.body.encode()).hexdigest() for article in articles}
        Text.objects.bulk_create(
            [Text(digest=digests[article.pk], text=article.body) for article in articles], ignore_conflicts=True
        )
        texts = dict(Text.objects.filter(digest__in=set(digests.values())).values_list("digest", "pk"))
        tags, bylines = {}, {}
        for pk, name in Tagged.objects.filter(content_object__in=articles).values_list("content_object", "tag__name"):
            tags.setdefault(pk, []).append(name)
        for pk, contributor, role in (
            Byline.objects.filter(article__in=articles).order_by("order", "pk").values_list("article", "contributor", "role")
        ):  # fmt: skip
            bylines.setdefault(pk, []).append([contributor, role])
        Version.objects.bulk_create(
            Version(
                article_id=article.pk, story=article.pk, number=1, kind="first", made_by_id=article.created_by_id,
                made_at=article.modified_at, was_public=article.status == "published", schema=1,
                text_id=texts[digests[article.pk]],
                content={name: getattr(article, name) for name in PLAIN}
                | {
                    "lead_image": article.lead_image_id,
                    "section": article.section_id,
                    "publish_at": article.publish_at.isoformat() if article.publish_at else None,
                    "tags": sorted(tags.get(article.pk, [])),
                    "bylines": bylines.get(article.pk, []),
                },
            )
            for article in articles
        )  # fmt: skip
        Article.objects.filter(pk__in=[article.pk for article in articles]).update(version=1)


class Migration(migrations.Migration):
    dependencies = [("articles", "0003_versions")]
    operations = [migrations.RunPython(first_versions, migrations.RunPython.noop)]
