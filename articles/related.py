"""Stories that go with a story."""

from __future__ import annotations

from collections import Counter

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from articles.models import Article, Tag, TaggedArticle

RELATED = 4


def tags_and_related(article: Article) -> tuple[list[Tag], list[Article]]:
    """The story's tags, and up to RELATED public stories: those sharing most tags first, newer before older."""
    of_tag = (
        TaggedArticle.objects.filter(tag=OuterRef("pk"), publish_at__lte=timezone.now())
        .exclude(content_object=article.pk)
        .order_by("-publish_at", "-content_object_id")
        .values("content_object_id")
    )
    # Each tag brings its newest few along: look-ups in an index, however many stories the tag has.
    places = {f"place_{n}": Subquery(of_tag[n : n + 1]) for n in range(RELATED)}
    tags = list(Tag.objects.filter(tagged_articles__content_object=article.pk).annotate(**places))
    shared = Counter(pk for tag in tags for place in places if (pk := getattr(tag, place)))
    found = Article.objects.public().for_lists(bylines=False).filter(pk__in=shared) if shared else []
    return tags, sorted(found, key=lambda a: (shared[a.pk], a.publish_at, a.pk), reverse=True)[:RELATED]
