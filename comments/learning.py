"""Teach the classifier anew: read for as long as it takes, then put what was learned in place in one short transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby, islice

from django.db import transaction
from django.db.models import QuerySet

from articles import editions
from comments.classifier import ALL, learn, lesson, words_of
from comments.models import Comment, Decision, WordCount, in_force

BATCH = 1_000


def learn_anew(progress: Callable[[int], None] = lambda comments: None) -> int:
    """Forget everything, and learn from what people have decided; from how many comments.

    Until the end the classifier goes on with what it knew, and nobody waits. What is decided meanwhile is learned after it.
    """
    newest = Decision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    learned: dict[str, list[int]] = {"good": [], "bad": []}
    for comment, kind in _lessons(Decision.objects.by_people().filter(pk__lte=newest)):
        if kind:
            counts[kind].update({ALL, *words_of(comment.body)})
            learned[kind].append(comment.pk)
        progress(1)
    with transaction.atomic(), editions.touching():
        Comment.objects.exclude(learned="").update(learned="")
        for kind, pks in learned.items():
            for start in range(0, len(pks), BATCH):
                Comment.objects.filter(pk__in=pks[start : start + BATCH]).update(learned=kind)
        WordCount.objects.all().delete()
        words = sorted(counts["good"].keys() | counts["bad"].keys())
        rows = (WordCount(word=word, good=counts["good"][word], bad=counts["bad"][word]) for word in words)
        WordCount.objects.bulk_create(rows, batch_size=BATCH)
    decided_since = Decision.objects.filter(pk__gt=newest).values("comment")
    for comment, kind in _lessons(Decision.objects.by_people().filter(comment__in=decided_since)):
        learn(comment, kind)
    return sum(map(len, learned.values()))


def _lessons(decisions: QuerySet[Decision]) -> Iterator[tuple[Comment, str]]:
    """The comments that people have decided, each with what it teaches, in two queries for BATCH of them."""
    by_comment = decisions.order_by("comment", "pk")
    rows = by_comment.only("comment", "to_status", "revision", "is_undo").iterator(chunk_size=BATCH)
    last = ((pk, in_force(group)) for pk, group in groupby(rows, key=lambda decision: decision.comment_id))
    while batch := dict(islice(last, BATCH)):
        for comment in Comment.objects.filter(pk__in=list(batch)).only("body", "revision", "learned").order_by("pk"):
            yield comment, lesson(comment, batch[comment.pk])
