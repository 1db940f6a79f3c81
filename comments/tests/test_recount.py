"""Kept counts are right after all that can happen; where they are not, the command says so and mends them."""

import random

import pytest
from django.core.management import call_command

from articles.models import Article
from articles.tests.factories import make_article
from comments.decide import DecisionRefused, decide, delete_own, hold, last_batch, start_batch, undo
from comments.models import Comment, Commenter, Status
from comments.post import PostRefused
from comments.reactions import ReactionRefused, flag, toggle_like
from comments.recount import recount
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_counts_are_right_whatever_happens(moderator, seed):
    chance = random.Random(seed)
    article = make_article()
    make_comment(article=article, reader=make_reader(email="a@example.org", approved=5))
    Commenter.objects.update(published_count=0)
    for _ in range(300):
        comment = Comment.objects.get(
            pk=chance.choice(list(Comment.objects.order_by("pk").values_list("pk", flat=True)))
        )
        try:
            match chance.randrange(8):
                case 0 | 1 | 2:
                    make_comment(article=article, parent=chance.choice([comment, None]))
                case 3:
                    batch = start_batch(moderator)
                    decide(comment, chance.choice([Status.PUBLISHED, Status.REJECTED]), by=moderator, batch=batch)
                case 4:
                    delete_own(comment)
                case 5:
                    hold(comment, note="") if comment.is_visible else None
                case 6:
                    undo(last_batch(moderator), by=moderator) if last_batch(moderator) else None
                case 7:
                    toggle_like(comment, make_reader())
                    flag(comment, make_reader(email=f"{chance.randrange(10**9)}@example.org"), why="abuse")
        except (PostRefused, DecisionRefused, ReactionRefused):
            pass
    assert not {name: wrong for name, wrong in recount(fix=False).items() if wrong}
    assert Comment.objects.filter(status=Status.PUBLISHED).exists()
    for comment in Comment.objects.prefetch_related("decisions"):
        moves = [(d.from_status, d.to_status) for d in sorted(comment.decisions.all(), key=lambda d: d.pk)]
        froms, tos = [move[0] for move in moves], [move[1] for move in moves]
        # Each change has its row, and each row its change: from waiting, without a gap, to what it is now.
        assert [*froms, comment.status] == [Status.PENDING, *tos]
        assert all(before != after for before, after in moves)


def test_drift_is_reported_and_mended(capsys):
    parent = make_comment(status=Status.PUBLISHED)
    make_comment(parent=parent, status=Status.PUBLISHED)
    Article.objects.update(comment_count=9)
    Comment.objects.filter(pk=parent.pk).update(visible_replies=5, likes=3)
    call_command("comment_recount")
    out = capsys.readouterr().out
    assert "comments of stories: 1 wrong" in out
    assert "replies and places in threads: 1 wrong" in out
    assert "likes: 1 wrong" in out
    assert Article.objects.get().comment_count == 9
    call_command("comment_recount", "--fix")
    assert Article.objects.get().comment_count == 2
    assert set(recount(fix=False).values()) == {0}
