"""Teach the classifier anew: read for as long as it takes, then put what was learned in place in one transaction."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

from django.db import transaction
from django.db.models import QuerySet

from articles.caching import editions
from comments import thread
from comments.classifier import ALL, learn, lesson, lock_words, words_of
from comments.models import Comment, Decision, WordCount, in_force

BATCH = 1_000


@dataclass(slots=True)
class Lesson:
    """What a comment taught when it was read; its words by number, since all are kept until the end."""

    revision: int
    kind: str
    words: array[int]


def learn_anew(progress: Callable[[int], None] = lambda comments: None) -> int:
    """Forget everything, and learn from what people have decided; from how many comments.

    While it reads the classifier goes on with what it knew, and nobody waits; at the end, for as long as the words are written,
    decisions and erasing do. What is decided meanwhile is learned after it; what is erased or edited meanwhile is not learned.
    """
    newest = Decision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    lessons: dict[int, Lesson] = {}
    numbers: defaultdict[str, int] = defaultdict(lambda: len(numbers))
    for comment, kind in _lessons(Decision.objects.by_people().filter(pk__lte=newest)):
        if kind:
            words = array("I", [numbers[word] for word in [ALL, *words_of(comment.body)]])
            lessons[comment.pk] = Lesson(comment.revision, kind, words)
        progress(1)
    with transaction.atomic(), editions.touching():
        pks = sorted({*lessons, *Comment.objects.exclude(learned="").values_list("pk", flat=True)})
        for start in range(0, len(pks), BATCH):
            batch = pks[start : start + BATCH]
            thread.lock_rows(Comment.objects.filter(pk__in=batch))
            Comment.objects.filter(pk__in=batch).exclude(learned="").update(learned="")
            for pk in _mark_learned({pk: lessons[pk] for pk in batch if pk in lessons}):
                del lessons[pk]
        counts: dict[str, Counter[int]] = {"good": Counter(), "bad": Counter()}
        for taught in lessons.values():
            counts[taught.kind].update(taught.words)
        good, bad = counts["good"], counts["bad"]
        lock_words()
        WordCount.objects.all().delete()
        known = sorted((word, n) for word, n in numbers.items() if good[n] or bad[n])
        rows = (WordCount(word=word, good=good[n], bad=bad[n]) for word, n in known)
        WordCount.objects.bulk_create(rows, batch_size=BATCH)
    decided_since = Decision.objects.filter(pk__gt=newest).values("comment")
    for comment, kind in _lessons(Decision.objects.by_people().filter(comment__in=decided_since)):
        learn(comment, kind)
    return len(lessons)


def _mark_learned(lessons: dict[int, Lesson]) -> list[int]:
    """Mark these comments as learned; which of them say something else by now, or nothing, and are not."""
    for kind in ("good", "bad"):
        of_kind = [pk for pk, taught in lessons.items() if taught.kind == kind]
        Comment.objects.filter(pk__in=of_kind).update(learned=kind)
    # Read after they were written: from there on who erases or edits waits, and finds them learned.
    now = dict(Comment.objects.filter(pk__in=list(lessons)).exclude(body="").values_list("pk", "revision"))
    changed = [pk for pk, taught in lessons.items() if now.get(pk) != taught.revision]
    if changed:
        Comment.objects.filter(pk__in=changed).update(learned="")
    return changed


def _lessons(decisions: QuerySet[Decision]) -> Iterator[tuple[Comment, str]]:
    """The comments that people have decided, each with what it teaches, in two queries for BATCH of them."""
    by_comment = decisions.order_by("comment", "pk")
    rows = by_comment.only("comment", "to_status", "revision", "is_undo").iterator(chunk_size=BATCH)
    last = ((pk, in_force(group)) for pk, group in groupby(rows, key=lambda decision: decision.comment_id))
    while batch := dict(islice(last, BATCH)):
        for comment in Comment.objects.filter(pk__in=list(batch)).only("body", "revision", "learned").order_by("pk"):
            yield comment, lesson(comment, batch[comment.pk])
