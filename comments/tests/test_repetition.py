"""The same words again are found among however many others that say them."""

import pytest

from articles.tests.factories import make_article
from comments.models import Comment, Status
from comments.tests.factories import make_comment, make_reader

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("others_come", ["before", "after"])
def test_who_says_what_many_say_is_held_when_they_say_it_twice(others_come):
    reader = make_reader(email="twice@example.org", approved=9)
    others = [lambda: make_comment(body="Well said!")] * 6
    first = [lambda: make_comment(body="Well said!", reader=reader)]
    for say in others + first if others_come == "before" else first + others:
        say()
    again = make_comment(body="Well said!", reader=reader, article=make_article())
    assert again.status == Status.PENDING
    assert "The same author" in str(again.findings)


def test_who_says_it_once_among_many_is_not():
    for _ in range(6):
        make_comment(body="Well said!")
    once = make_comment(body="Well said!", reader=make_reader(email="once@example.org", approved=9))
    assert once.status == Status.PUBLISHED
    assert Comment.objects.count() == 7
