"""What search knows of stories, kept true in the transaction that changes them.

`index()` is the one writer: Article.save() calls it, and so do changes of tags and bylines (`connect()`) and of the names of
either (`renamed()`). It reads what it writes from the database, so that every path through forms, verbs or a shell ends with
the same.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet, Value
from django.db.models.signals import post_delete, post_save, pre_delete
from django_tasks import task

from articles import body
from articles.caching.prepared import Prepared
from articles.lists import CONTRIBUTOR, TAG
from articles.models import Article, Byline, Contributor, SearchEntry, Tag, TaggedArticle
from articles.search import analysis, spelling

#: Keys hold seconds since then, so that old archives can be taken in, and the number of the story (536 million of them).
BEGINNING = datetime.datetime(1700, 1, 1, tzinfo=datetime.UTC)
NUMBER_BITS = 29
LAST_SECOND = 2**34 - 1

#: Stands between two parts, so that no phrase begins in one and ends in the next.
GAP = "_"
#: Before a word: it stands in headline, standfirst, tags or bylines.
HEAD = "_"
#: Of longer texts the rest is not searched: what a tsvector can hold has an end.
MOST_TOKENS = 30_000

BATCH = 200
#: So many stories follow a new name of a tag or contributor in the transaction that gives it.
AT_ONCE = 25
#: So many of those of a deleted tag are one job, which is told their numbers.
A_JOB = 1_000
#: By whose names stories are found.
NAMED = {kind.name: kind for kind in (TAG, CONTRIBUTOR)}
#: Tags stand behind all bylines.
LAST = 2**31 - 1


FIELDS = (
    "pk", "headline", "short_headline", "standfirst", "dateline", "body", "publish_at", "created_at", "search_entry__digest",
)  # fmt: skip
_names = Prepared(
    lambda articles: (
        Byline.objects.filter(article__in=articles)
        .order_by()
        .values_list("article", "order", "contributor__name")
        .union(
            TaggedArticle.objects.filter(content_object__in=articles).values_list(
                "content_object", Value(LAST), "tag__name"
            ),
            all=True,
        )
    ),
    articles=list[int],
)
_stories = Prepared(lambda articles: Article.objects.filter(pk__in=articles).values_list(*FIELDS), articles=list[int])


def key_of(moment: datetime.datetime, number: int = 0) -> int:
    """The place of a story in time: a later moment is a higher key, and so is a higher number in the same second."""
    seconds = int((moment - BEGINNING).total_seconds())
    return min(max(seconds, 0), LAST_SECOND) << NUMBER_BITS | number


def rules() -> str:
    """By which rules entries are made: with others, all are outdated."""
    return f"{analysis.VERSION}-{analysis.stemmer_name()}"


def outdated() -> QuerySet[Article]:
    """Stories that have no entry, or one made by other rules."""
    return Article.objects.filter(Q(search_entry=None) | ~Q(search_entry__rules=rules()))


def index(numbers: Iterable[int]) -> None:
    """Bring the entries of these stories up to date. What is unchanged is not written."""
    for batch in _batches(numbers):
        with transaction.atomic(savepoint=False):
            _index(batch)


def refresh(numbers: Iterable[int]) -> None:
    """The same for stories that have an entry; one that is being deleted has none any more."""
    index(SearchEntry.objects.filter(article__in=list(numbers)).values_list("pk", flat=True))


def _batches(numbers: Iterable[int]) -> Iterable[list[int]]:
    wanted = list(numbers)
    return (wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH))


def _index(numbers: list[int]) -> None:
    names: dict[int, list[str]] = defaultdict(list)
    for number, _, name in sorted(_names(articles=numbers)):
        names[number].append(name)
    entries, texts = [], []
    for values in _stories(articles=numbers):
        story: dict[str, Any] = dict(zip(FIELDS, values, strict=True))
        story["names"] = [*dict.fromkeys(names[story["pk"]]), story["dateline"]]
        story["key"] = key_of(story["publish_at"] or story["created_at"], story["pk"])
        if story["search_entry__digest"] != digest_of(story):
            plain = body.plain_text(story["body"])
            entries.append(entry_of(story, analysis.tokens(plain)))
            texts += [story["headline"], story["short_headline"], story["standfirst"], *story["names"], plain]
    if entries:
        changed = ["key", "headline", "standfirst", "names", "digest", "rules", "words"]
        SearchEntry.objects.bulk_create(
            entries, update_conflicts=True, unique_fields=["article"], update_fields=changed
        )
        spelling.learn(texts)


def digest_of(story: dict[str, Any]) -> str:
    """Of all that an entry is made from."""
    parts = [rules(), str(story["key"]), story["headline"], story["short_headline"], story["standfirst"], story["body"]]
    return hashlib.sha256("\0".join([*parts, *story["names"]]).encode()).hexdigest()


def entry_of(story: dict[str, Any], text_tokens: list[str]) -> SearchEntry:
    """The entry of a story: its `pk`, `headline`, `short_headline`, `standfirst` and `body` (as stored), its `names` (bylines in
    their order, then tags by name, each once, then the dateline), its `key`, and the tokens of its text.
    """  # fmt: skip
    headline = _joined([story["headline"], story["short_headline"]])
    standfirst = analysis.tokens(story["standfirst"])
    names = _joined(story["names"])
    text = [headline, standfirst, names, text_tokens]
    # The words of the head once more, marked: a search for them there alone passes over all texts that merely have them.
    head = [token if token == GAP else HEAD + token for part in text[:3] for token in [*part, GAP]]
    words = [token for part in text for token in [*part, GAP]][:MOST_TOKENS] + head
    return SearchEntry(
        article_id=story["pk"], key=story["key"], headline=" ".join(headline), standfirst=" ".join(standfirst),
        names=" ".join(names), digest=digest_of(story), rules=rules(), words=" ".join(words),
    )  # fmt: skip


def _joined(texts: list[str]) -> list[str]:
    found = [tokens for text in texts if (tokens := analysis.tokens(text))]
    return [token for tokens in found for token in [*tokens, GAP]][:-1]


def renamed(named: Tag | Contributor) -> None:
    """Have the stories of a tag or contributor found by its new name: AT_ONCE of them in the transaction that changes it, and
    those of a larger archive in the background. For as long as that transaction takes nobody else writes to SQLite, and on
    PostgreSQL nobody saves a story with the tag.
    """  # fmt: skip
    index_renamed.call(str(named._meta.model_name), named.pk)


@task
def index_renamed(kind: str, pk: int, below: int | None = None) -> None:
    """The first AT_ONCE or the next BATCH of the stories of a tag or contributor, the last that got it first; and the others
    after them.

    `kind`: a key of NAMED. `below`: the number of the last row that has been done.
    """  # fmt: skip
    named = NAMED[kind]
    mine = named.rows.objects.filter(**{kind: pk}).order_by("-pk")
    size = BATCH if below else AT_ONCE
    batch = list((mine.filter(pk__lt=below) if below else mine).values_list("pk", named.story)[:size])
    refresh({number for _, number in batch})
    if len(batch) == size:
        index_renamed.enqueue(kind, pk, below=batch[-1][0])


def remember_stories(instance: Tag, **kwargs: Any) -> None:
    """Receiver of `pre_delete`: afterwards nobody knows any more which they were."""
    rows = TaggedArticle.objects.filter(tag=instance.pk).order_by("-pk")
    instance.had = list(rows.values_list("content_object", flat=True))


def untagged(instance: Tag, **kwargs: Any) -> None:
    """Receiver of `post_delete`: as `renamed` has it, the stories of a tag that is no more are found by its name no longer."""
    stories = instance.had
    refresh(stories[:AT_ONCE])
    for start in range(AT_ONCE, len(stories), A_JOB):
        index_again.enqueue(stories[start : start + A_JOB])


@task
def index_again(stories: list[int]) -> None:
    refresh(stories)


def connect() -> None:
    """Hear of what changes a story's entry without saving the story."""

    def of_a_story(sender, instance, origin=None, **kwargs):
        if not TAG.goes_along(origin):
            refresh([instance.article_id if sender is Byline else instance.content_object_id])

    for sender in (Byline, TaggedArticle):
        for signal in (post_save, post_delete):
            signal.connect(of_a_story, sender=sender, weak=False, dispatch_uid=f"search {sender.__name__}")
    pre_delete.connect(remember_stories, sender=Tag, dispatch_uid="search Tag")
    post_delete.connect(untagged, sender=Tag, dispatch_uid="search Tag")
