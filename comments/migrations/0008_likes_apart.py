"""Who has liked several comments can no longer be told: each row knows its browser by a hash of its own."""

from django.db import migrations, transaction

from comments.keyed import keyed_hash

BATCH = 1_000


def tell_apart(apps, schema_editor):
    Like = apps.get_model("comments", "Like")
    after = 0
    while batch := list(Like.objects.filter(pk__gt=after).order_by("pk")[:BATCH]):
        after = batch[-1].pk
        # Begun before and broken off: those that are done say so.
        batch = [like for like in batch if not like.person.startswith("by ")]
        for like in batch:
            # As `comments.reactions` makes it of what stands here.
            like.person = "by " + keyed_hash("like", f"{like.comment_id} {like.person}")[:29]
        with transaction.atomic():
            Like.objects.bulk_update(batch, ["person"])


class Migration(migrations.Migration):
    # Each batch by itself: readers go on liking meanwhile.
    atomic = False

    dependencies = [("comments", "0007_carry_keys")]
    operations = [migrations.RunPython(tell_apart, migrations.RunPython.noop)]
