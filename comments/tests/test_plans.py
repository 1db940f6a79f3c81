"""Every question asked of a crowd of comments is answered over an index."""

import pytest

from comments.checks import Submission
from comments.checks.duplicate import duplicate
from comments.checks.rate import rate
from comments.conversation import Sort, page_of, replies_to, stands_on_first_page
from comments.models import Comment
from comments.tests.factories import make_reader
from comments.tests.plans import crowd, plans_of, sorts, wasteful

pytestmark = pytest.mark.django_db


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


def test_screening_and_recognising_scan_nothing(roots):
    reader = make_reader(email="somebody@example.org")
    comment = Comment(body="x", browser=reader.browser, network=f"{7:032}", commenter=reader.commenter, is_proved=True)
    asked = {
        "rate": lambda: rate(comment, Submission()),
        "duplicate": lambda: duplicate(comment, Submission()),
        "own": lambda: list(Comment.objects.filter(reader.own).order_by("-pk")[:50]),
        "guest": lambda: list(reader.commenter.latest_comments()[:50]),
    }
    plans = {name: plans_of(question) for name, question in asked.items()}
    assert all(plans.values())
    assert not [(name, plan) for name, found in plans.items() for plan in found if wasteful(plan)]
