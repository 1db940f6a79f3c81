"""Where a story stands: the lists that have it, and the kept pages on which readers see it, by their keys (caching.editions)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from articles import workflow
from articles.caching import editions
from articles.models.contributor import Byline
from articles.models.related import RelatedArticle

if TYPE_CHECKING:
    from articles.lists import ListKind
    from articles.models.article import Article

#: Who changes nothing else leaves the story in all lists that it stands in, at its place, and in no other.
SAID_IN_PLACE = frozenset({
    "headline", "short_headline", "standfirst", "dateline", "lead_image", "body", "search_title", "search_description",
    "body_html", "reading_minutes", "updated_at", "modified_at",
})  # fmt: skip


def anywhere(article: Article) -> set[str]:
    """The keys of all pages that any change of it might move; none of a draft."""
    return {editions.LISTS, *_pages_beside_lists(article)} if _may_be_seen(article) else set()


def in_place(article: Article) -> set[str]:
    """The keys of what shows a story that stays where it stands; none of a draft."""
    if not _may_be_seen(article):
        return set()
    return {editions.of_story(article.pk), editions.of_card(article.pk), editions.CARDS}


def changed(article: Article, before: Article | None) -> set[str]:
    """The keys of what shows a story that was `before`: of the lists that it comes into, goes from, or moves in."""
    if before is None:
        return anywhere(article)
    if not (_may_be_seen(article) or _may_be_seen(before)):
        return set()
    if _stands_where(article, before):
        return in_place(article) | in_place(before)
    return _lists_with(article, before) | _pages_beside_lists(article)


def _may_be_seen(article: Article) -> bool:
    return bool(article.published_on) or article.status not in workflow.UNPUBLISHED


def _pages_beside_lists(article: Article) -> set[str]:
    others = RelatedArticle.objects.filter(other=article.pk).values_list("article", flat=True) if article.pk else []
    keys = set(map(editions.of_story, [article.pk, *others] if article.pk else []))
    # It appears by itself, on pages that know of no change to come.
    return keys | {editions.SITE} if article.is_scheduled() else keys


def _stands_where(article: Article, before: Article) -> bool:
    """Whether it stands in the same lists, and at the same place in each."""
    moving = (
        field.attname
        for field in article._meta.concrete_fields
        if field.name not in SAID_IN_PLACE | article.KEPT_BY_OTHERS
    )
    return all(getattr(article, name) == getattr(before, name) for name in moving)


def _lists_with(article: Article, before: Article) -> set[str]:
    """A tag or byline that is new says so itself."""
    from articles.lists import KINDS

    keys = {editions.NEWEST}
    for kind in KINDS:
        if kind.rows is None:
            numbers = {getattr(story, f"{kind.name}_id") for story in (article, before)} - {None}
        else:
            # Held: none of them is made another tag's or contributor's before this is committed.
            numbers = set(kind.rows_of(article).select_for_update().values_list(kind.name, flat=True))
        keys |= set(map(kind.edition, numbers))
    return keys


def list_again(article: Article) -> None:
    """Write `publish_at` on the rows that put it into lists, which is what these read."""
    from articles.lists import CONTRIBUTOR, KINDS

    for kind in KINDS:
        if kind.rows and kind is not CONTRIBUTOR:
            _list_rows(article, kind)
    list_bylines(article)


def _list_rows(article: Article, kind: ListKind) -> None:
    """Of a kind whose lists have each story by one row."""
    rows = kind.rows_of(article)
    stale = dict(rows.exclude(publish_at=article.listed_from()).values_list("pk", kind.name))
    # Asked first: most who save change words, and lists that are written to are made anew.
    if stale:
        with editions.touching(editions.NEWEST, *map(kind.edition, stale.values())):
            rows.filter(pk__in=stale).update(publish_at=article.listed_from())


def list_bylines(article: Article) -> None:
    """Write `publish_at` on the first byline of each contributor, which is what their list reads."""
    from articles.lists import CONTRIBUTOR

    seen: set[int] = set()
    for pk, contributor, listed in Byline.objects.filter(article=article).values_list(
        "pk", "contributor", "publish_at"
    ):
        wanted = None if contributor in seen else article.listed_from()
        seen.add(contributor)
        if listed != wanted:
            with editions.touching(editions.NEWEST, CONTRIBUTOR.edition(contributor)):
                Byline.objects.filter(pk=pk).update(publish_at=wanted)
