"""What readers said before threads, standing and reports is still said afterwards."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("comments", "0001_initial"), ("articles", "0001_initial"), ("newsportal", "0001_initial")]


@pytest.fixture
def migrate_to():
    def migrate(targets):
        executor = MigrationExecutor(connection)
        executor.migrate(targets)
        return MigrationExecutor(connection).loader.project_state(targets).apps

    yield migrate
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("migrations")
def test_comments_of_the_first_version_are_carried_over(migrate_to):
    old = migrate_to(BEFORE)
    section = old.get_model("articles", "Section").objects.create(name="World", slug="world")
    article = old.get_model("articles", "Article").objects.create(
        headline="Rain", slug="rain", section=section, status="published", publish_at=timezone.now(),
        published_on=timezone.localdate(),
    )  # fmt: skip
    guest = old.get_model("comments", "Commenter").objects.create(email="Guest@Example.org".lower())
    Comment = old.get_model("comments", "Comment")
    moderator = old.get_model("auth", "User").objects.create(username="moderator")
    for number, status in enumerate(("published", "published", "pending", "rejected")):
        comment = Comment.objects.create(
            article=article, commenter=guest, name="Guest", body=f"Comment {number}", body_html="<p>x</p>",
            body_hash=f"{number}", status=status,
        )  # fmt: skip
        if status != "pending":
            comment.decisions.create(revision=1, from_status="pending", to_status=status, made_by=moderator)

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    from articles.models import Article
    from comments.conversation import page_of
    from comments.models import Comment, Commenter

    assert Commenter.objects.by_email("guest@example.org").pk == guest.pk
    assert Article.objects.get().comment_count == 2
    assert [node.comment.status for node in page_of(Article.objects.get()).nodes] == ["published", "published"]
    assert Comment.objects.filter(reviewed_at=None).count() == 1
    assert all(comment.published_at == comment.created_at for comment in Comment.objects.filter(listed=True))
    assert set(Comment.objects.exclude(status="pending").values_list("decisions__made_as", flat=True)) == {"moderator"}
