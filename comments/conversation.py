"""The talk under a story, as it is read: a page of beginnings, each with its first replies, always the same few queries."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q

from articles.caching.prepared import Prepared
from articles.models import Article
from comments.models import Comment, Status

ROOTS_A_PAGE = 20
#: How many replies of each beginning stand below it at once; the rest are a page of their own.
FIRST_REPLIES = 5
REPLIES_A_PAGE = 50
#: In one spelling, as `cursor_of` writes it: each other one would be another page, and be kept as one.
CURSOR = re.compile(r"(0|[1-9][0-9]{0,17})(?:-(0|[1-9][0-9]{0,17}))?")


class Sort(models.TextChoices):
    NEWEST = "newest", "Newest"
    OLDEST = "oldest", "Oldest"
    LIKED = "liked", "Most liked"


class BadCursor(ValueError):
    """Not what a link of ours says."""


class Shown(NamedTuple):
    """What a page shows of a comment."""

    pk: int
    root_id: int | None
    parent_id: int | None
    parent_name: str | None
    parent_status: str | None
    answers_id: int | None
    answers_name: str | None
    answers_status: str | None
    author_id: int | None
    name: str
    body_html: str
    status: str
    visible_replies: int
    place: int | None
    likes: int
    picked_at: datetime.datetime | None
    created_at: datetime.datetime
    edited_at: datetime.datetime | None

    @classmethod
    def of(cls, root: Comment) -> Shown:
        """A beginning, which answers nobody."""
        return cls(
            root.pk, None, None, None, None, None, None, None, root.author_id, root.name, root.body_html, root.status,
            root.visible_replies, root.place, root.likes, root.picked_at, root.created_at, root.edited_at,
        )  # fmt: skip

    @property
    def is_visible(self) -> bool:
        return self.status == Status.PUBLISHED

    @property
    def is_staff(self) -> bool:
        return self.author_id is not None


@dataclass
class Node:
    """A comment and what stands below it."""

    comment: Shown
    replies: list[Node] = field(default_factory=list)
    #: Replies that are not on this page.
    more: int = 0


@dataclass
class Page:
    nodes: list[Node]
    sort: str
    #: Where the next page begins; None: there is none.
    next: str | None = None
    #: Whether it begins at the beginning.
    is_first: bool = True

    def rows(self) -> Iterator[tuple[Shown, int]]:
        """All that it shows, from top to bottom: comments, and how many more stand below each."""
        return _rows(self.nodes)


def _rows(nodes: Iterable[Node]) -> Iterator[tuple[Shown, int]]:
    for node in nodes:
        yield node.comment, node.more
        if node.replies:
            yield from _rows(node.replies)


def page_of(article: Article, sort: str = Sort.NEWEST, cursor: str = "") -> Page:
    """Up to ROOTS_A_PAGE beginnings from the cursor on, with their first replies, in two queries over indexes.

    Raises BadCursor when the cursor was not made by `Page.next` for this order.
    """
    if sort == Sort.NEWEST and not cursor:
        return _page([Shown(*row) for row in _newest_roots(article=article.pk)], sort, cursor)
    roots = _of_list(Comment.objects.on(article).roots().listed())
    match Sort(sort):
        case Sort.NEWEST:
            roots = roots.order_by("-pk")
            bound = cursor and Q(pk__lt=_numbers(cursor, 1)[0])
        case Sort.OLDEST:
            roots = roots.order_by("pk")
            bound = cursor and Q(pk__gt=_numbers(cursor, 1)[0])
        case Sort.LIKED:
            roots = roots.order_by("-likes", "-pk")
            likes, pk = _numbers(cursor, 2) if cursor else (0, 0)
            bound = cursor and Q(likes__lte=likes) & (Q(likes__lt=likes) | Q(pk__lt=pk))
    rows = (roots.filter(bound) if bound else roots)[: ROOTS_A_PAGE + 1]
    return _page([Shown(*row) for row in rows], sort, cursor)


def _page(found: list[Shown], sort: str, cursor: str) -> Page:
    shown, is_last = found[:ROOTS_A_PAGE], len(found) <= ROOTS_A_PAGE
    nodes = [Node(root) for root in shown]
    _hang_first_replies(nodes)
    return Page(nodes, str(sort), None if is_last else cursor_of(shown[-1], sort), not cursor)


def cursor_of(root: Comment | Shown, sort: str) -> str:
    return f"{root.likes}-{root.pk}" if sort == Sort.LIKED else str(root.pk)


def _numbers(cursor: str, count: int) -> list[int]:
    match = CURSOR.fullmatch(cursor)
    numbers = [int(number) for number in match.groups() if number is not None] if match else []
    if len(numbers) != count:
        raise BadCursor(cursor)
    return numbers


def _of_list(comments: models.QuerySet[Comment]) -> models.QuerySet[Any, Any]:
    return comments.values_list(
        "pk", "root", "parent", "parent__name", "parent__status", "answers", "answers__name", "answers__status", "author", "name",
        "body_html", "status", "visible_replies", "place", "likes", "picked_at", "created_at", "edited_at",
    )  # fmt: skip


_newest_roots = Prepared(
    lambda article: _of_list(Comment.objects.filter(article=article).roots().listed()).order_by("-pk")[: ROOTS_A_PAGE + 1],
    article=int,
)  # fmt: skip
_first_replies = Prepared(
    lambda roots: _of_list(Comment.objects.listed().filter(root__in=roots, place__lte=FIRST_REPLIES)).order_by(
        "root", "place"
    ),
    roots=list[int],
)


def _hang_first_replies(nodes: list[Node]) -> None:
    """The first replies of every beginning in one query: each knows its place, so none is read to be thrown away."""
    answered = {node.comment.pk: node for node in nodes if node.comment.visible_replies}
    if not answered:
        return
    of_root = defaultdict(list)
    for row in _first_replies(roots=list(answered)):
        reply = Shown(*row)
        of_root[reply.root_id].append(reply)
    for pk, node in answered.items():
        hang(node, of_root[pk])
        node.more = max(0, node.comment.visible_replies - sum(reply.is_visible for reply in of_root[pk]))


def hang(root: Node, replies: Iterable[Shown]) -> None:
    """Put replies where they belong. Their parents come before them; one whose parent is on another page stands at the top."""
    nodes = {root.comment.pk: root}
    for reply in replies:
        nodes[reply.pk] = node = Node(reply)
        nodes.get(reply.parent_id or 0, root).replies.append(node)


@dataclass
class Replies:
    """A page of the replies to one beginning, in the order in which they were first seen."""

    root: Shown
    replies: list[Shown]
    next: int | None
    is_first: bool


def replies_to(root: Comment, after: int = 0) -> Replies:
    """Up to REPLIES_A_PAGE replies whose place is beyond `after`."""
    listed = _of_list(Comment.objects.listed().filter(root=root, place__gt=after))
    found = [Shown(*row) for row in listed.order_by("place")[: REPLIES_A_PAGE + 1]]
    shown = found[:REPLIES_A_PAGE]
    return Replies(Shown.of(root), shown, shown[-1].place if len(found) > REPLIES_A_PAGE else None, after == 0)


def stands_on_first_page(root: Comment) -> bool:
    """Whether the story itself shows this beginning."""
    newer = Comment.objects.filter(article=root.article_id, pk__gt=root.pk).roots().listed()
    return len(newer.values_list("pk")[:ROOTS_A_PAGE]) < ROOTS_A_PAGE
