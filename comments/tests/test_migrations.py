"""What readers said before threads, standing and reports is still said afterwards."""

from django.utils import timezone

from comments.models.comment import hash_of


def test_comments_of_the_first_version_are_carried_over(history):
    old = history.at(("comments", "0001_initial"), ("articles", "0001_initial"), ("newsportal", "0001_initial"))
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

    history.today()

    from articles.models import Article
    from comments.conversation import page_of
    from comments.models import Comment, Commenter

    assert Commenter.objects.by_email("guest@example.org").pk == guest.pk
    assert Article.objects.get().comment_count == 2
    assert [node.comment.status for node in page_of(Article.objects.get()).nodes] == ["published", "published"]
    assert Comment.objects.filter(reviewed_at=None).count() == 1
    assert all(comment.published_at == comment.created_at for comment in Comment.objects.filter(listed=True))
    assert set(Comment.objects.exclude(status="pending").values_list("decisions__made_as", flat=True)) == {"moderator"}


def test_comments_that_were_said_once_by_their_fields_are_said_once_by_their_key(history):
    old = history.at(("comments", "0005_notices"), ("articles", "0013_front_page"), ("newsportal", "0001_initial"))
    section = old.get_model("articles", "Section").objects.create(name="World", slug="world")
    article = old.get_model("articles", "Article").objects.create(
        headline="Rain", slug="rain", section=section, status="published", publish_at=timezone.now(),
        published_on=timezone.localdate(),
    )  # fmt: skip
    guest = old.get_model("comments", "Commenter").objects.create(email="guest@example.org", email_hash="g" * 32)
    editor = old.get_model("auth", "User").objects.create(username="editor@example.org", is_staff=True)
    common = {"article": article, "body_html": "<p>x</p>", "network": "n" * 32, "browser": "b" * 32}
    make = old.get_model("comments", "Comment").objects.create
    guests = common | {"commenter": guest, "name": "Guest"}
    root = make(**guests, body="Hello.", body_hash=hash_of("Hello."), is_proved=True, status="published")
    make(**guests, body="Hello.", body_hash=hash_of("Hello."), parent=root, root=root, ancestors=[root.pk], depth=1)
    make(**guests, body="Gone.", body_hash=hash_of("Gone."), status="deleted")
    make(**guests | {"network": "", "browser": ""}, body="Erased.", body_hash=hash_of("Erased."))
    staff = make(**common, author=editor, name=editor.username, body="Welcome.", body_hash=hash_of("Welcome."))

    history.today()

    from comments.models import Comment
    from comments.post import key_of

    keys = {comment.body: comment.idempotency_key for comment in Comment.objects.all()}
    assert (keys["Gone."], keys["Erased."]) == (None, None)
    for comment in Comment.objects.exclude(idempotency_key=None).exclude(pk=staff.pk):
        assert comment.idempotency_key == key_of(comment)
    assert Comment.objects.exclude(idempotency_key=None).count() == 3
    assert "@" not in Comment.objects.get(pk=staff.pk).name
