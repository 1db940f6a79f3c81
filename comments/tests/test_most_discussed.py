"""Most discussed: by what readers can see of the last days."""

import datetime

import pytest
from django.utils import timezone

from articles.reads.most_read import top
from articles.tests.factories import make_article
from comments.models import Comment
from comments.most_discussed import DAYS, RANKING, rank
from comments.tests.factories import make_comment
from comments.tests.plans import crowd, plans_of

pytestmark = pytest.mark.django_db


def test_the_comments_of_the_last_days_decide(client):
    quiet, loud, over = make_article(headline="Quiet"), make_article(headline="Loud"), make_article(headline="Over")
    make_comment(article=quiet, status="published")
    for _ in range(3):
        make_comment(article=loud, status="published")
        make_comment(article=quiet, status="pending")
    for _ in range(5):
        make_comment(article=over, status="published")
    long_ago = timezone.now() - datetime.timedelta(days=DAYS + 1)
    Comment.objects.filter(article=over).update(published_at=long_ago)
    rank()
    assert list(top(RANKING, 5)) == [loud, quiet]
    page = client.get("/").content.decode()
    assert f'href="{loud.get_absolute_url()}#comments">Loud' in page
    loud.withdraw(None)
    assert list(top(RANKING, 5)) == [quiet]


def test_where_nothing_was_said_nothing_is_shown(client):
    make_article()
    rank()
    assert "Most discussed" not in client.get("/").content.decode()


def test_only_the_comments_of_the_last_days_are_read():
    """Nine million others were, of ten, every few minutes: what is published looks like few to who may choose by it."""
    crowd()
    [plan] = plans_of(rank, sorting=True)
    assert "comment_site_feed" in plan
