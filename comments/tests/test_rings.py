"""Who takes several rows takes them in one order: on PostgreSQL two who do not wait for each other, and one is broken off."""

import contextlib
import datetime
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction
from django.utils import timezone

from comments import classifier
from comments.decide import confirm, decide
from comments.learning import learn_anew
from comments.models import Comment, Commenter, Status, WordCount
from comments.privacy import erase, forget_in_time, forget_text
from comments.reactions import flag
from comments.tests.factories import make_comment, make_reader

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]
LONG_AGO = datetime.timedelta(days=40)


class Meanwhile:
    """Works that go on beside each other, each with a connection of its own; the next begins when the last one waits."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []
        self.wrong: list[Exception] = []

    def begin(self, work: Callable[[], object]) -> None:
        def run() -> None:
            try:
                work()
            except Exception as error:
                self.wrong.append(error)
            finally:
                connection.close()

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()
        self.threads[-1].join(timeout=0.7)


@contextlib.contextmanager
def while_held(rows) -> Iterator[Meanwhile]:
    """Begin works while these rows are held; then let go, and see all of them end."""
    works = Meanwhile()
    with transaction.atomic():
        assert list(rows.select_for_update(no_key=True))
        yield works
    for one in works.threads:
        one.join()
    assert works.wrong == []


def as_it_is(comment: Comment) -> Comment:
    return Comment.objects.get(pk=comment.pk)


def lie_in_the_table(*comments: Comment) -> None:
    """Write comments anew, of long ago: so they lie in the table one behind the other, and are come upon."""
    for comment in comments:
        Comment.objects.filter(pk=comment.pk).update(created_at=timezone.now() - LONG_AGO)


def test_letting_one_stand_and_rejecting_another_with_the_same_two_reporters(moderator):
    reporters = [make_reader(email=f"reporter{n}@example.org") for n in range(2)]
    rejected, confirmed = (make_comment(status=Status.PUBLISHED) for _ in range(2))
    for comment in (rejected, confirmed):
        for reporter in reporters:
            flag(comment, reporter, why="abuse")
    first = Commenter.objects.filter(pk=reporters[0].commenter.pk)
    first.update(wants_mail=False)  # written anew: it lies behind the second
    with while_held(first) as works:
        works.begin(lambda: decide(as_it_is(rejected), Status.REJECTED, by=moderator))
        works.begin(lambda: confirm(as_it_is(confirmed), by=moderator))
    assert set(Commenter.objects.filter(flags__isnull=False).values_list("flags_upheld", "flags_dismissed")) == {(1, 1)}


def test_forgetting_whence_comments_came_and_deciding_one_of_them(moderator):
    root = make_comment(status=Status.PUBLISHED)
    reply = make_comment(parent=root, status=Status.PUBLISHED)
    lie_in_the_table(reply, root)
    with while_held(Comment.objects.filter(pk=reply.pk)) as works:
        works.begin(forget_in_time)
        works.begin(lambda: decide(as_it_is(reply), Status.REJECTED, by=moderator))
    assert set(Comment.objects.values_list("browser", "network")) == {("", "")}


@pytest.mark.parametrize("is_learned", [True, False])
def test_learning_anew_and_deciding_one_of_the_comments(moderator, is_learned):
    root = make_comment(status=Status.PUBLISHED)
    reply = make_comment(parent=root, status=Status.PUBLISHED)
    for comment in (reply, root):
        decide(as_it_is(comment), Status.REJECTED, by=moderator)
        decide(as_it_is(comment), Status.PUBLISHED, by=moderator)
    if not is_learned:
        Comment.objects.filter(pk=root.pk).update(learned="")
    lie_in_the_table(reply, root)
    with while_held(Comment.objects.filter(pk=reply.pk)) as works:
        works.begin(learn_anew)
        works.begin(lambda: decide(as_it_is(reply), Status.REJECTED, by=moderator))
    learn_anew()
    assert WordCount.objects.values_list("good", "bad").get(word=classifier.ALL) == (1, 1)


def test_changing_what_was_learned_and_erasing_another_under_one_story(moderator, monkeypatch):
    from comments import edit

    author, other = (make_reader(email=f"{name}@example.org") for name in ("author", "other"))
    changed = make_comment(reader=author, body="Quiet harbour")
    erased = make_comment(reader=other, article=changed.article, body="Another harbour")
    for comment in (changed, erased):
        decide(as_it_is(comment), Status.PUBLISHED, by=moderator)
    works, hold = Meanwhile(), edit.hold

    def hold_while_another_is_erased(*args, **kwargs):
        works.begin(lambda: erase(Commenter.objects.get(pk=other.commenter.pk), keep_comments=False))
        return hold(*args, **kwargs)

    monkeypatch.setattr(edit, "hold", hold_while_another_is_erased)
    edit.edit(as_it_is(changed), "http://a.example http://b.example http://c.example", author)
    works.threads[0].join()
    assert works.wrong == []
    assert as_it_is(changed).status == Status.PENDING
    assert not WordCount.objects.filter(word="harbour").exclude(good=0).exists()


@pytest.mark.parametrize("forget", ["a comment", "everything"])
def test_forgetting_words_and_learning_them(forget):
    decided = make_comment(body="aaa zzz")
    for word in ("zzz", "aaa"):  # in the table zzz lies before aaa
        WordCount.objects.create(word=word)
    WordCount.objects.create(word=classifier.ALL, good=1)
    gone = make_comment(body="zzz and aaa")
    begun = threading.Event()

    def learn() -> None:
        # What classifier.learn does, a word at a time.
        with transaction.atomic():
            classifier._add([classifier.ALL, "aaa"], "good")
            begun.set()
            time.sleep(1)
            classifier._add(["zzz"], "good")

    works = Meanwhile()
    works.begin(learn)
    begun.wait()
    if forget == "a comment":
        with transaction.atomic():
            forget_text(as_it_is(gone))
    else:
        learn_anew()
    works.threads[0].join()
    assert works.wrong == []
    assert as_it_is(decided).body
