"""A naive Bayes classifier that learns from this newsroom's own decisions, kept in the database, small on purpose.

It tells how much a text is like what moderators publish and what they turn away, and by which words. It never decides. Words
are weighed as in Gary Robinson's "A Statistical Approach to the Spam Problem" (Linux Journal 107, 2003).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from articles.caching import editions
from comments.folding import fold
from comments.models import Actor, Comment, Decision, Status, WordCount, in_force
from comments.models.status import TURNED_AWAY

#: The row that counts comments, and not a word.
ALL = ""
ENOUGH, ENOUGH_OF_EACH = 200, 20
WORDS_WEIGHED, WORDS_NAMED = 20, 5
#: A word seen n times counts as much as one doubt for each such strength.
DOUBT = 1.0
HOST = re.compile(r"(?:https?://|www\.)([\w.-]+)", re.IGNORECASE)
MAX_WORDS = 400


@dataclass(frozen=True)
class Score:
    """From 0, like what is published, to 1, like what is turned away; and the words that speak most for the latter."""

    value: float
    towards: list[str]


def words_of(text: str) -> list[str]:
    """The different words of a text as the classifier knows them, sorted; hosts of links and shouting are words, too."""
    words = {word for word in fold(HOST.sub(" ", text)).split() if 2 < len(word) <= 40}
    words |= {f"host:{host.lower().removeprefix('www.')}"[:40] for host in HOST.findall(text)}
    letters = [c for c in text if c.isalpha()]
    if len(letters) > 20 and sum(c.isupper() for c in letters) > len(letters) * 0.6:
        words.add("sign:shouting")
    if text.count("!") > 3:
        words.add("sign:exclaiming")
    return sorted(words)[:MAX_WORDS]


def score(text: str) -> Score | None:
    """None while too little has been decided. One query."""
    words = words_of(text)
    known = {row.word: row for row in WordCount.objects.filter(word__in=[ALL, *words])}
    total = known.pop(ALL, None)
    if total is None or total.good + total.bad < ENOUGH or min(total.good, total.bad) < ENOUGH_OF_EACH:
        return None
    weights = {word: _weight(row, total) for word, row in known.items()}
    strongest = sorted(weights, key=lambda word: abs(weights[word] - 0.5), reverse=True)[:WORDS_WEIGHED]
    odds = sum(math.log(weights[word] / (1 - weights[word])) for word in strongest)
    return Score(
        1 / (1 + math.exp(-max(-30.0, min(30.0, odds)))),
        [word for word in strongest if weights[word] > 0.5][:WORDS_NAMED],
    )


def _weight(row: WordCount, total: WordCount) -> float:
    good, bad = row.good / total.good, row.bad / total.bad
    likely = bad / (good + bad) if good + bad else 0.5
    seen = row.good + row.bad
    return min(0.99, max(0.01, (DOUBT * 0.5 + seen * likely) / (DOUBT + seen)))


def on_decision(comment: Comment, decision: Decision, **kwargs: Any) -> None:
    """Receiver of `comment_decided`."""
    learn_from(comment, decision)


def learn_from(comment: Comment, decision: Decision) -> None:
    """Take a person's decision as a lesson; what the system decides, and what an author deletes, teaches nothing."""
    if decision.made_as == Actor.MODERATOR:
        learn(comment, lesson(comment, in_force(comment.decisions.by_people()) if decision.is_undo else decision))


def lesson(comment: Comment, decision: Decision | None) -> str:
    """As what a comment counts under what people have decided last; an older text, or one that was erased, teaches nothing."""
    if decision is None or decision.revision != comment.revision or not comment.body:
        return ""
    return "good" if decision.to_status == Status.PUBLISHED else "bad" if decision.to_status in TURNED_AWAY else ""


@editions.touching()
def learn(comment: Comment, as_: str) -> None:
    """Count a comment as "good", as "bad", or (empty) not at all; what it counted as before is taken back."""
    with transaction.atomic():
        was = Comment.objects.values_list("learned", flat=True).get(pk=comment.pk)
        counted = Comment.objects.filter(pk=comment.pk, learned=was)
        if as_:
            # What was erased or changed since it was decided teaches nothing: its words would be there again.
            counted = counted.filter(body=comment.body)
        if was == as_ or not counted.update(learned=as_):
            return
        comment.learned = as_
        # One by one, and in one order everywhere, so that two transactions cannot wait for each other.
        words = sorted({ALL, *words_of(comment.body)})
        if was:
            _take_back(words, was)
        if as_:
            _add(words, as_)


def drop_unused(*texts: str) -> None:
    """Take those of these texts' words out of the list that no comment counts for any more."""
    unused = WordCount.objects.filter(word__in={word for text in texts for word in words_of(text)}, good=0, bad=0)
    if unused.exists():
        with transaction.atomic():
            lock_words()
            unused.delete()


def lock_words() -> None:
    """Take what all who write several words begin with: they come one after the other."""
    list(WordCount.objects.select_for_update(no_key=True).filter(word=ALL).values_list("pk"))


def _take_back(words: Iterable[str], kind: str) -> None:
    column = {"good": "good", "bad": "bad"}[kind]
    sql = f"UPDATE {WordCount._meta.db_table} SET {column} = {column} - 1 WHERE word = %s AND {column} > 0"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(word,) for word in words])


def _add(words: Iterable[str], kind: str) -> None:
    # Added in the database, so that none is lost.
    table, good = WordCount._meta.db_table, int(kind == "good")
    sql = (
        f"INSERT INTO {table} (word, good, bad) VALUES (%s, %s, %s) "  # noqa: S608 (a name of ours)
        f"ON CONFLICT (word) DO UPDATE SET good = {table}.good + excluded.good, bad = {table}.bad + excluded.bad"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(word, good, 1 - good) for word in words])
