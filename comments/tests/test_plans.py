"""Every question asked of a crowd of comments is answered over an index."""

import datetime

import pytest
from django.db import connection
from django.utils import timezone

from articles.models import Article
from comments import classifier
from comments.checks import Submission
from comments.checks.duplicate import duplicate
from comments.checks.rate import rate
from comments.checks.standing import standing
from comments.conversation import Sort, page_of, replies_to, stands_on_first_page
from comments.decide import awaits_a_person
from comments.models import Comment, Commenter, Decision, Flag, Policy, Sanction, WordCount
from comments.models.status import TURNED_AWAY
from comments.privacy import texts_over
from comments.tests.factories import make_reader
from comments.tests.plans import crowd, plans_of, sorts, wasteful
from comments.views.moderating import waiting_on

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def roots():
    return crowd()


def test_reading_scans_and_sorts_nothing(roots):
    root = roots[0]
    asked = {
        "newest": lambda: page_of(root.article, Sort.NEWEST, str(roots[4000].pk)),
        "oldest": lambda: page_of(root.article, Sort.OLDEST, str(roots[3000].pk)),
        "liked": lambda: page_of(root.article, Sort.LIKED, f"0-{roots[3000].pk}"),
        "replies": lambda: replies_to(root, 3),
        "permalink": lambda: stands_on_first_page(root),
    }
    plans = {name: plans_of(question) for name, question in asked.items()}
    assert all(plans.values())
    assert not [(name, plan) for name, found in plans.items() for plan in found if wasteful(plan)]
    # The first replies of a page are the one thing that is put in order: a hundred rows at most.
    assert not [(name, found[0]) for name, found in plans.items() if sorts(found[0])]


def test_what_would_be_wasteful_is_told_from_what_is_not(roots):
    """A question that no index answers, though one gives the order: most of it would be read to be thrown away."""
    by_name = lambda: list(Comment.objects.filter(name="Nobody").order_by("created_at", "pk")[:25])  # noqa: E731
    by_order = lambda: list(Comment.objects.order_by("created_at", "pk")[:25])  # noqa: E731
    assert [wasteful(plan) for plan in plans_of(by_name)] == [True]
    assert [wasteful(plan, walks="comment_time") for plan in plans_of(by_order)] == [False]


def test_screening_and_recognising_scan_nothing(roots, moderator):
    reader = make_reader(email="guest7@example.org")
    Sanction.objects.bulk_create(
        Sanction(measure="ban", reason="x", **target)
        for n in range(2_000)
        for target in ({"network": f"{n:032}"}, {"mail_domain": f"{n}.example"})
    )
    Sanction.objects.bulk_create(
        Sanction(measure="ban", reason="x", commenter=guest) for guest in Commenter.objects.order_by("pk")
    )
    Sanction.objects.create(measure="warn", reason="x", user=moderator)
    WordCount.objects.bulk_create(WordCount(word=f"word{n}", good=n, bad=1) for n in range(5_000))
    section = roots[0].article.section
    stories = Article.objects.bulk_create(
        Article(headline=f"Story {n}", slug=f"policy-{n}", section=section) for n in range(2_000)
    )
    Policy.objects.bulk_create([Policy(), Policy(section=section), *(Policy(article=story) for story in stories)])
    Decision.objects.bulk_create(
        Decision(comment=root, revision=1, from_status="pending", to_status=root.status) for root in roots[:3_000]
    )
    Flag.objects.bulk_create(
        Flag(comment=root, person=f"{n % 700}", why="abuse") for n, root in enumerate(roots[:3_000])
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    Commenter.objects.filter(pk=reader.commenter.pk).update(rejected_count=9)
    reader.commenter.refresh_from_db()
    comment = Comment(body="x", browser=reader.browser, network=f"{7:032}", commenter=reader.commenter, is_proved=True)
    asked = {
        "sanctions": lambda: list(
            Sanction.objects.against(proved=reader.commenter, user_id=moderator.pk, network=f"{7:032}")
        ),
        "policy": lambda: Policy.objects.rules_for(roots[0].article),
        "classifier": lambda: classifier.score("word7 word9 and others"),
        "standing": lambda: standing(comment, Submission()),
        "thread": lambda: awaits_a_person(roots[0]),
        "reports": lambda: list(Flag.objects.filter(comment=roots[0])),
        "press": lambda: Comment.objects.filter(idempotency_key="x").first(),
        "rate": lambda: rate(comment, Submission()),
        "duplicate": lambda: duplicate(comment, Submission()),
        "own": lambda: list(Comment.objects.filter(reader.own).order_by("-pk")[:50]),
        "guest": lambda: list(reader.commenter.latest_comments()[:50]),
        "in place": lambda: waiting_on(roots[0].article),
        "retention": lambda: list(texts_over(TURNED_AWAY, MINUTE, timezone.now()).values_list("pk", flat=True)[:500]),
    }
    plans = {name: plans_of(question, sorting=True) for name, question in asked.items()}
    assert all(plans.values())
    assert not [(name, plan) for name, found in plans.items() for plan in found if wasteful(plan, table="comments_")]
