"""What was said in the last 30 days is still one comment when it is sent again; no e-mail stands in the name of a member of staff."""

import datetime

from django.conf import settings
from django.db import migrations
from django.utils import timezone

from comments.keyed import keyed_hash

BATCH = 1_000


def carry_over(apps, schema_editor):
    Comment = apps.get_model("comments", "Comment")
    recent = Comment.objects.filter(created_at__gt=timezone.now() - datetime.timedelta(days=30))
    said, after = recent.exclude(status="deleted").exclude(body="").select_related("commenter").order_by("pk"), 0
    while batch := list(said.filter(pk__gt=after)[:BATCH]):
        for comment in batch:
            comment.idempotency_key = _key(comment)
        Comment.objects.bulk_update(batch, ["idempotency_key"])
        after = batch[-1].pk
    staff = Comment.objects.filter(author__isnull=False)
    staff.filter(name__contains="@").update(name=settings.SITE_NAME[:60])


def _key(comment):
    """As `comments.post.key_of` was when this was written."""
    if comment.author_id:
        who = f"user {comment.author_id}"
    elif comment.is_proved:
        who = f"guest {comment.commenter_id}"
    elif not (comment.network or comment.browser):
        return None  # nothing is known of the sender any more
    else:
        who = f"{comment.network or comment.browser}\0{comment.commenter.email}\0{comment.name}"
    place = f"{comment.article_id} {comment.answers_id or comment.parent_id}"
    return keyed_hash("press", f"{place}\0{comment.body_hash}\0{who}")


class Migration(migrations.Migration):
    dependencies = [("comments", "0006_said_once_by_key")]
    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
