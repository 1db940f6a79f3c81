"""What was said before threads and standing: published comments stand in their threads, guests are found by a keyed hash."""

from django.db import migrations
from django.db.models import Count, F, OuterRef, Subquery

from comments.keyed import keyed_hash


def carry_over(apps, schema_editor):
    Comment = apps.get_model("comments", "Comment")
    Commenter = apps.get_model("comments", "Commenter")
    Decision = apps.get_model("comments", "Decision")
    Article = apps.get_model("articles", "Article")
    batch = []
    for commenter in Commenter.objects.filter(email_hash=None).only("pk", "email").iterator(chunk_size=1000):
        commenter.email_hash = keyed_hash("email", commenter.email.strip().lower())
        batch.append(commenter)
        if len(batch) == 1000:
            Commenter.objects.bulk_update(batch, ["email_hash"])
            batch.clear()
    Commenter.objects.bulk_update(batch, ["email_hash"])
    Decision.objects.exclude(made_by=None).update(made_as="moderator")
    decided = Decision.objects.filter(comment=OuterRef("pk"), made_as="moderator").order_by("-made_at").values("made_at")
    Comment.objects.update(reviewed_at=Subquery(decided[:1]))
    Comment.objects.filter(status="published").update(listed=True, published_at=F("created_at"))
    counts = (
        Comment.objects.filter(article=OuterRef("pk"), status="published").order_by().values("article")
        .annotate(count=Count("pk")).values("count")
    )  # fmt: skip
    Article.objects.filter(pk__in=Comment.objects.filter(status="published").values("article")).update(
        comment_count=Subquery(counts)
    )


class Migration(migrations.Migration):
    dependencies = [("comments", "0002_moderation"), ("articles", "0002_comment_count")]
    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
