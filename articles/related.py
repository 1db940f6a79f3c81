"""Stories that go with a story: found when it is published or changed, and stored, so that a reader's page only looks them up.

What two stories have in common is the sum of the weights of the tags that they share; a rare tag weighs more than a common one
(inverse document frequency), and the same section makes it a little more. Of equally close stories the fresher one comes first: a
story of half a year ago counts half. The rank of a pair is the logarithm of that, which is why it never has to be computed
again as time goes by: all stories fade alike.
"""

from __future__ import annotations

import datetime
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.signals import m2m_changed
from django.utils import timezone
from django_tasks import task

from articles.caching import editions
from articles.caching.prepared import Prepared, Row
from articles.models import Article, RelatedArticle, Tag, TaggedArticle
from articles.models.article_queryset import ArticleQuerySet
from articles.workflow import Status

SHOWN, KEPT = 4, 12
#: The newest so many of each tag are looked at: the cost of a story does not grow with its tags' archives.
PER_TAG = 60
#: A tag that so many stories have says next to nothing; nobody counts further.
COMMON = 1_000
SAME_SECTION = 1.25
HALF_LIFE = 180 * 24 * 3600

BATCH = 500


def _tags_of(article: int) -> QuerySet[Tag]:
    return Tag.objects.filter(tagged_articles__content_object=article)


def _tags_with_newest(article: int, now: datetime.datetime) -> QuerySet[Tag]:
    """Each tag with its SHOWN newest public stories beside this one, in look-ups of an index."""
    of_tag = _newest(OuterRef("pk"), article).filter(publish_at__lte=now).values("content_object_id")
    return _tags_of(article).annotate(**{f"place_{n}": Subquery(of_tag[n : n + 1]) for n in range(SHOWN)})


def _related_to(article: int, now: datetime.datetime) -> ArticleQuerySet:
    return Article.objects.first_public(RelatedArticle, "other", "-rank", SHOWN, now=now, article=article)


def _newest(tag: Any, article: int) -> QuerySet[TaggedArticle]:
    """The published stories of a tag, scheduled ones too, without this one: a range of an index."""
    listed = TaggedArticle.objects.filter(tag=tag, publish_at__isnull=False).exclude(content_object=article)
    return listed.order_by("-publish_at", "-content_object_id")


_tags = Prepared(_tags_of, article=int)
_related = Prepared(_related_to, article=int, now=datetime.datetime)
_newest_of_tags = Prepared(_tags_with_newest, article=int, now=datetime.datetime)
_public = Prepared(
    lambda keys, now: Article.objects.public(now).for_cards().filter(pk__in=keys), keys=list[int], now=datetime.datetime
)


def tags_and_related(article: Article) -> tuple[list[Tag], list[Row]]:
    """The story's tags, and up to SHOWN public stories that go with it, the closest first: two queries."""
    now = timezone.now()
    if article.related_at:
        return _tags(article=article.pk), _related.rows(article=article.pk, now=now)
    # Nothing has been worked out yet: a draft in a preview, or a story whose job still waits. The newest few of each tag
    # come along with the tags; what is shared alone decides.
    tags = _newest_of_tags(article=article.pk, now=now)
    shared = Counter(pk for tag in tags for n in range(SHOWN) if (pk := getattr(tag, f"place_{n}")))
    near = _public.rows(keys=list(shared), now=now) if shared else []
    near.sort(key=lambda story: (shared[story.pk], story["publish_at"], story.pk), reverse=True)
    return tags, near[:SHOWN]


def relate(article: Article, *, others_too: bool = True) -> int:
    """Store what goes with this story, in place of what was stored; returns how many stories that are.

    `others_too`: it also takes its place in the lists of those that it is close to, and loses the one that it had elsewhere.
    """
    now = timezone.now()
    with transaction.atomic():
        # The story is held: of two jobs about it the second sees what the first has done.
        stored = (
            Article.objects.select_for_update()
            .only("publish_at", "section", "status", "related_at")
            .filter(pk=article.pk)
            .first()
        )
        if stored is None:
            return 0
        tags = list(TaggedArticle.objects.filter(content_object=article.pk).values_list("tag", flat=True))
        close = _closeness(article.pk, section=stored.section_id, tags=tags)
        ranked = {pk: _rank(strength, moment) for pk, (strength, moment) in close.items()}
        best = _best(ranked)
        strengths = {pk: strength for pk, (strength, _) in close.items()} if others_too else {}
        holders = (
            set(RelatedArticle.objects.filter(other=article.pk).values_list("article", flat=True))
            if others_too
            else set()
        )
        _hold({article.pk, *strengths, *holders})
        before = dict(RelatedArticle.objects.filter(article=article.pk).values_list("other", "rank"))
        is_seen = stored.related_at is None or _in_order(before) != _in_order(best)
        with editions.touching(*([editions.of_story(article.pk)] if is_seen else [])):
            Article.objects.filter(pk=article.pk).update(related_at=now)
            if before != best:
                RelatedArticle.objects.filter(article=article.pk).delete()
                RelatedArticle.objects.bulk_create(
                    RelatedArticle(article=article, other_id=pk, rank=rank) for pk, rank in best.items()
                )
        if others_too:
            _place_in_lists(stored, strengths, holders)
    article.related_at = now
    return len(best)


def _hold(owners: set[int]) -> None:
    """Let nobody else change the lists of these stories until the transaction ends: what readers get of them is compared with what
    they had, which must be there still. All at once, in one order: two who hold some of each other's would wait for ever.
    """  # fmt: skip
    rows = RelatedArticle.objects.filter(article__in=owners).order_by("pk")
    list(rows.select_for_update().values_list("pk", flat=True))


def _best(ranked: dict[int, float]) -> dict[int, float]:
    """Those of a list that are kept, with their ranks."""
    return {pk: ranked[pk] for pk in sorted(ranked, key=lambda pk: (ranked[pk], pk), reverse=True)[:KEPT]}


def _in_order(ranked: dict[int, float]) -> list[int]:
    """As readers get them (ArticleQuerySet.first_public): what they see is the same for as long as this is."""
    return sorted(ranked, key=lambda pk: (-ranked[pk], pk))


def _closeness(article: int, *, section: int | None, tags: list[int]) -> dict[int, tuple[float, datetime.datetime]]:
    """Number → (what it has in common with the story, its time), of the newest stories of each tag."""
    weights = {}
    candidates: set[int] = set()
    for tag in tags:
        listed = _newest(tag, article)
        weights[tag] = math.log(1 + COMMON / max(1, listed.values("pk")[:COMMON].count()))
        candidates |= set(listed.values_list("content_object", flat=True)[:PER_TAG])
    shared: dict[int, float] = defaultdict(float)
    rows = TaggedArticle.objects.filter(content_object__in=candidates, tag__in=tags) if candidates else []
    for row in rows:
        shared[row.content_object_id] += weights[row.tag_id]
    close = {}
    places = Article.objects.filter(pk__in=shared).values_list("pk", "section", "publish_at") if shared else []
    for pk, its_section, moment in places:
        if moment is not None:
            close[pk] = (shared[pk] * (SAME_SECTION if its_section == section else 1), moment)
    return close


def _rank(strength: float, moment: datetime.datetime) -> float:
    return math.log(strength) + math.log(2) * moment.timestamp() / HALF_LIFE


def _place_in_lists(article: Article, strengths: dict[int, float], holders: set[int]) -> None:
    """Its place in the lists of others: those that have been worked out, and no other. Lists keep their length.

    `holders`: whose lists it is in. They are held, and so are those of whom it is close to.
    """
    wanted: dict[int, float] = {}
    if (listed_from := article.listed_from()) is not None:
        known = Article.objects.filter(pk__in=strengths, related_at__isnull=False).values_list("pk", flat=True)
        wanted = {pk: _rank(strengths[pk], listed_from) for pk in known}
    owners = {*wanted, *holders}
    lists: dict[int, dict[int, float]] = {pk: {} for pk in sorted(owners)}
    rows: dict[tuple[int, int], int] = {}
    found = RelatedArticle.objects.filter(article__in=owners).values_list("pk", "article", "other", "rank")
    for row, owner, other, rank in found:
        lists[owner][other], rows[owner, other] = rank, row
    seen, gone, placed = [], [], []
    for owner, before in lists.items():
        after = {other: rank for other, rank in before.items() if other != article.pk}
        after = _best(after | ({article.pk: wanted[owner]} if owner in wanted else {}))
        gone += [rows[owner, other] for other in before if other not in after]
        if article.pk in after and after != before:
            placed.append(RelatedArticle(article_id=owner, other=article, rank=after[article.pk]))
        if _in_order(after) != _in_order(before):
            seen.append(owner)
    with editions.touching(*map(editions.of_story, seen)):
        if gone:
            RelatedArticle.objects.filter(pk__in=gone).delete()
        RelatedArticle.objects.bulk_create(
            placed, update_conflicts=True, update_fields=["rank"], unique_fields=["article", "other"]
        )


def relate_all(*, missing: bool = False, progress: Callable[[int], object] = lambda count: None) -> int:
    """Work out anew what goes with each published story, the newest first; `missing`: where nothing is stored yet.

    Each story in a transaction of its own, so it can be broken off and begun again at any time. Returns how many there were.
    """
    stories = published(missing=missing).order_by("-pk")
    done, below = 0, None
    while batch := list((stories.filter(pk__lt=below) if below else stories).only("pk")[:BATCH]):
        for article in batch:
            relate(article, others_too=False)
            progress(1)
        done, below = done + len(batch), batch[-1].pk
    return done


def published(*, missing: bool) -> ArticleQuerySet:
    stories = Article.objects.filter(status=Status.PUBLISHED)
    return stories.filter(related_at=None) if missing else stories


# --- In the background ------------------------------------------------------------------------------------------------


@task
def relate_later(article: int) -> None:
    """A story, its tags or its status have changed."""
    if found := Article.objects.filter(pk=article).first():
        relate(found)


def note(article: Article) -> None:
    """Have it worked out anew what goes with a story: part of the transaction that changes it.

    What is not published, or has no tags, stands in no list unless it did before.
    """
    # Asked of the database: the story in memory may be older than its last job.
    stored = Article.objects.filter(pk=article.pk)
    if stored.filter(Q(related_at__isnull=False) | Q(status=Status.PUBLISHED, tagged__isnull=False)).exists():
        relate_later.enqueue(article.pk)


def on_tags_changed(instance: Any, action: str, **kwargs: Any) -> None:
    """Receiver of `m2m_changed` of the tags: they may change without the story being saved."""
    if action.startswith("post_") and isinstance(instance, Article):
        note(instance)


def connect() -> None:
    m2m_changed.connect(on_tags_changed, sender=TaggedArticle, dispatch_uid="articles.related")
