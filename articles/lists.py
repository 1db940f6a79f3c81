"""The kinds of lists with an address of their own, of a section, a tag or a contributor, and all in which they differ.

Pages, feeds, redirects, sitemaps, WebSub, cache keys and preflight ask. Who adds a kind adds its model (models.slug.Slugged), an
entry in KINDS, and a page in views.lists with its template; the rest follows, and articles/tests/test_every_list.py tries it.
"""  # fmt: skip

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import CASCADE, Exists, FilteredRelation, OuterRef, Q, QuerySet
from django.utils import timezone

from articles.caching import editions
from articles.models import Article, Byline, Contributor, Section, Tag, TaggedArticle
from articles.models.article_queryset import ArticleQuerySet
from articles.paging import OF_STORIES


@dataclass(frozen=True)
class ListKind:
    model: Any
    #: The first part of the addresses of its pages and feeds, and what its sitemap is called.
    folder: str
    #: The field that says more of one of them than its name.
    about: str = ""
    #: Whether readers are told of one that no story stands in.
    may_be_empty: bool = True
    #: Rows that put stories into its lists. They carry a story's `publish_at` while it is published, by which an index has them in
    #: order. None: a story stands in one list, which it names itself.
    rows: Any = None
    #: The field by which these rows name the story.
    story: str = ""

    @cached_property
    def name(self) -> str:
        """Of its route, of the field by which a story or its rows name a list, and before the number in a key."""
        return self.model._meta.model_name

    def edition(self, pk: int) -> str:
        """The key of which stories one list has, and in which order (articles.caching.editions)."""
        return editions.of_list(self.name, pk)

    def said_of(self, subject: Any) -> str:
        return getattr(subject, self.about) if self.about else ""

    # --- The stories of a list ----------------------------------------------------------------------------------------

    def stories_of(self, subject: Any) -> ArticleQuerySet:
        """Public or not; `subject`: what the list is of, or its number."""
        if self.rows is None:
            return Article.objects.filter(**{self.name: subject})
        # A filtered relation, so that the cursor's bounds fall on the same join, whose index serves order and range.
        rows = self.rows._meta.get_field(self.story).related_query_name()
        of_this_list = Q(**{f"{rows}__{self.name}": subject})
        return Article.objects.annotate(listing=FilteredRelation(rows, condition=of_this_list))

    @property
    def key(self) -> tuple[str, str]:
        """Where the time and the number of a story stand in the index that serves `stories_of` (articles.paging)."""
        return OF_STORIES if self.rows is None else ("listing__publish_at", f"listing__{self.story}")

    # --- The lists of a story -----------------------------------------------------------------------------------------

    def holding(self, article: Article) -> QuerySet[Any]:
        """The subjects of the lists that a story stands in, of its own field as the object at hand has it."""
        if self.rows is None:
            return self.model.objects.filter(pk=getattr(article, f"{self.name}_id"))
        rows = self.rows._meta.get_field(self.name).related_query_name()
        return self.model.objects.filter(**{f"{rows}__{self.story}": article.pk})

    def rows_of(self, article: Article) -> QuerySet[Any]:
        return self.rows.objects.filter(**{self.story: article.pk})

    # --- What readers see ---------------------------------------------------------------------------------------------

    def listed(self, now: datetime.datetime | None = None, *, of: Any = None) -> QuerySet[Any]:
        """What puts stories that are out into lists, or into that of one subject: rows, or the stories themselves."""
        which: dict[str, Any] = {} if of is None else {self.name: of}
        if self.rows is None:
            return Article.objects.public(now).filter(**which)
        return self.rows.objects.filter(publish_at__lte=now or timezone.now(), **which)

    def known(self) -> QuerySet[Any]:
        """The subjects that readers may know of."""
        if self.may_be_empty:
            return self.model.objects.all()
        return self.model.objects.filter(Exists(self.listed(of=OuterRef("pk"))))

    # --- What is deleted ----------------------------------------------------------------------------------------------

    @property
    def takes_rows_along(self) -> bool:
        """Whether one that is deleted takes its rows along; else it stays for as long as it has some."""
        return self.rows is not None and self.rows._meta.get_field(self.name).remote_field.on_delete is CASCADE

    def goes_along(self, origin: Any) -> bool:
        """Whether a row goes because its list does, with all others of it; `origin` is what is said with Django's signals."""
        return (origin.model if isinstance(origin, QuerySet) else type(origin)) is self.model


SECTION = ListKind(Section, "sections", about="description")
#: Of what a draft is about nobody is told, and no page says what nobody has published.
TAG = ListKind(Tag, "tags", may_be_empty=False, rows=TaggedArticle, story="content_object")
CONTRIBUTOR = ListKind(Contributor, "authors", about="biography", rows=Byline, story="article")

KINDS = (SECTION, TAG, CONTRIBUTOR)
BY_NAME = {kind.name: kind for kind in KINDS}
