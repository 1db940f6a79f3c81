from django.db import migrations, models

import comments.models.commenter


class Migration(migrations.Migration):
    """New guests get a version that is drawn; those who are there keep theirs, and their cookies.

    A guest of before who is lost is followed by one whose version is drawn, beyond all that were counted.
    """

    dependencies = [
        ("comments", "0008_while_unconfirmed"),
    ]

    operations = [
        # The default is Python's alone. SQLite would make the whole table anew for it.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="commenter",
                    name="token_version",
                    field=models.PositiveIntegerField(default=comments.models.commenter.new_version, editable=False),
                ),
            ],
        ),
    ]
