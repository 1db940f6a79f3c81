"""A clock that was ahead for a day, and is right again: what it has written down is not of now until that day has come."""

import datetime
from collections.abc import Callable

import pytest
import time_machine
from django.test import RequestFactory
from django.utils import timezone

from articles.models import Image, Presence, RankedStory, Reads, Visit
from articles.reads import most_read
from articles.reads.counting import forget_visits
from articles.tests.factories import make_article, make_image
from comments import most_discussed, notifications
from comments.checks import Submission
from comments.checks.duplicate import duplicate
from comments.checks.rate import rate
from comments.checks.standing import standing
from comments.decide import decide, delete_own
from comments.keyed import keyed_hash
from comments.models import Comment, Commenter, Flag, Like, Sanction, Status
from comments.privacy import forget_in_time
from comments.reactions import FLAGS_A_DAY, ReactionRefused, flag
from comments.tests.factories import make_comment, make_reader
from newsportal.staff import audit
from newsportal.staff.models import AuditAddress, AuditEntry

pytestmark = pytest.mark.django_db

#: Asked when the clock is right again: whether what was written down counts as of now.
Question = Callable[[], bool]


def again(comment: Comment) -> Comment:
    """The same once more, which is not sent yet."""
    said = ("article", "commenter", "author", "browser", "network", "is_proved", "body")
    return Comment(**{name: getattr(comment, name) for name in said})


# --- Limits ---


def too_fast() -> Question:
    reader = make_reader()
    comment = [make_comment(reader=reader) for _ in range(4)][-1]
    return lambda: rate(again(comment), Submission()) is not None


def too_many_from_a_network() -> Question:
    comment = [make_comment(reader=make_reader(network="a school")) for _ in range(15)][-1]
    other = again(comment)
    other.browser = "another"
    return lambda: rate(other, Submission()) is not None


def the_same_words() -> Question:
    comment = make_comment()
    return lambda: duplicate(again(comment), Submission()) is not None


def often_turned_away(moderator) -> Question:
    reader = make_reader(email="turned.away@example.org")
    for comment in [make_comment(reader=reader) for _ in range(3)]:
        decide(comment, Status.REJECTED, by=moderator)
    return lambda: standing(Comment.objects.get(pk=comment.pk), Submission()) is not None


def many_reports() -> Question:
    reader, comment = make_reader(email="reporter@example.org"), make_comment(status=Status.PUBLISHED)
    for _ in range(FLAGS_A_DAY):
        flag(make_comment(status=Status.PUBLISHED), reader, why="abuse")

    def is_refused() -> bool:
        try:
            flag(comment, reader, why="abuse")
        except ReactionRefused:
            return True
        return False

    return is_refused


def reports_that_hide() -> Question:
    comment, readers = make_comment(status=Status.PUBLISHED), [make_reader(email=f"{n}@example.org") for n in range(3)]
    for reader in readers[:2]:
        flag(comment, reader, why="abuse")

    def is_hidden() -> bool:
        flag(comment, readers[2], why="abuse")
        return Comment.objects.get(pk=comment.pk).status == Status.PENDING

    return is_hidden


def a_link_to_confirm_by() -> Question:
    comment = make_comment(email="guest@example.org")
    notifications._claim_link(comment.commenter)
    return lambda: notifications._claim_link(comment.commenter) is None


def pictures_of_a_day(administrator) -> Question:
    make_image(uploaded_by=administrator)
    return lambda: Image.objects.taken_in_a_day(administrator) == 1


# --- Shown ---


def a_story_that_is_open(administrator, reporter) -> Question:
    article = make_article()
    Presence.objects.note(reporter, article)
    return lambda: Presence.objects.beside(administrator, article).exists()


def how_long_it_has_been_open(reporter) -> Question:
    article = make_article()
    Presence.objects.note(reporter, article)
    since = Presence.objects.get().since

    def goes_on() -> bool:
        Presence.objects.note(reporter, article)
        return Presence.objects.get().since == since

    return goes_on


def what_is_read_most() -> Question:
    article = make_article(publish_at=timezone.now() - datetime.timedelta(days=200))
    Reads.objects.add({article.pk: 1})

    def is_ranked() -> bool:
        most_read.rank(most_read.DAY)
        is_ranked = RankedStory.objects.filter(ranking=most_read.DAY).exists()
        numbers = Reads.objects.of([article.pk])[article.pk]
        assert bool(numbers.day) == bool(numbers.week) == is_ranked
        return is_ranked

    return is_ranked


def what_is_discussed_most() -> Question:
    make_comment(status=Status.PUBLISHED)

    def is_ranked() -> bool:
        most_discussed.rank()
        return RankedStory.objects.filter(ranking=most_discussed.RANKING).exists()

    return is_ranked


# --- Kept ---


def who_has_written() -> Question:
    comment = make_comment(reader=make_reader())

    def is_kept() -> bool:
        forget_in_time()
        comment.refresh_from_db()
        assert bool(comment.network) == bool(comment.browser) == bool(comment.idempotency_key)
        return bool(comment.network)

    return is_kept


def who_has_reported() -> Question:
    flag(make_comment(status=Status.PUBLISHED), make_reader(), why="other", words="Look at this.")

    def is_kept() -> bool:
        forget_in_time()
        return Flag.objects.exclude(person__startswith="was ").filter(network__gt="", words__gt="").exists()

    return is_kept


def who_has_liked() -> Question:
    """As the version before wrote it, with one hash for all that a browser likes."""
    Like.objects.create(comment=make_comment(), person=keyed_hash("like", "browser"))

    def is_kept() -> bool:
        forget_in_time()
        return Like.objects.filter(person=keyed_hash("like", "browser")).exists()

    return is_kept


def an_address_that_nobody_confirmed() -> Question:
    comment = make_comment(email="guest@example.org")
    notifications._claim_link(comment.commenter)

    def is_kept() -> bool:
        forget_in_time()
        return Commenter.objects.filter(email="guest@example.org").exists()

    return is_kept


def a_network_that_was_banned() -> Question:
    Sanction.objects.create(measure="ban", reason="x", network="a network", lifted_at=timezone.now())

    def is_kept() -> bool:
        forget_in_time()
        return Sanction.objects.filter(network="a network").exists()

    return is_kept


def a_text_that_was_deleted() -> Question:
    comment = make_comment()
    delete_own(comment)

    def is_kept() -> bool:
        forget_in_time()
        comment.refresh_from_db()
        return bool(comment.body)

    return is_kept


def a_visit() -> Question:
    Visit.objects.create(reader="x", network="x", article=1, seen_at=timezone.now())

    def is_kept() -> bool:
        forget_visits()
        return Visit.objects.exists()

    return is_kept


def where_staff_came_from() -> Question:
    audit.record(AuditEntry.Event.LOGGED_IN, actor="editor", request=RequestFactory().get("/"))

    def is_kept() -> bool:
        audit.forget_addresses()
        return AuditAddress.objects.exists()

    return is_kept


CASES = [
    too_fast, too_many_from_a_network, the_same_words, often_turned_away, many_reports, reports_that_hide,
    a_link_to_confirm_by, pictures_of_a_day, a_story_that_is_open, how_long_it_has_been_open, what_is_read_most,
    what_is_discussed_most, who_has_written, who_has_reported, who_has_liked, an_address_that_nobody_confirmed,
    a_network_that_was_banned, a_text_that_was_deleted, a_visit, where_staff_came_from,
]  # fmt: skip


@pytest.mark.parametrize(
    ("ahead", "is_of_now"),
    [
        pytest.param(datetime.timedelta(seconds=20), True, id="as clocks of two machines differ"),
        pytest.param(datetime.timedelta(days=3), False, id="three days"),
        pytest.param(datetime.timedelta(days=100), False, id="a hundred days"),
    ],
)
@pytest.mark.parametrize("written", CASES, ids=lambda case: case.__name__.replace("_", " "))
def test_what_a_clock_ahead_has_written_down(request, written, ahead, is_of_now):
    people = [request.getfixturevalue(name) for name in written.__code__.co_varnames[: written.__code__.co_argcount]]
    # In the middle of an hour: reads are counted by hours.
    now = timezone.now().replace(minute=30)
    with time_machine.travel(now + ahead, tick=False):
        asked = written(*people)
    with time_machine.travel(now, tick=False):
        assert asked() is is_of_now
