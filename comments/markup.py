"""A comment on a page. A story shows many of them, and most of its markup: it is written here, and not in a template, since a
template takes ten times as long. Everything that a reader has typed is escaped, or was when it was saved (comments.text).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import cache

from django.template.defaultfilters import date, pluralize
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from comments.conversation import FIRST_REPLIES, Node, Shown
from comments.models import Status

#: What stands in the place of one that is gone.
GONE = {
    Status.DELETED: "A comment that its author has deleted.",
    Status.PENDING: "A comment that a moderator is looking at again.",
}
REMOVED = "A comment that a moderator has removed."


def conversation_html(nodes: Iterable[Node], *, closed: bool) -> SafeString:
    """Each beginning as a list item, with its replies in a list of their own."""
    return SafeString("".join(_node(node, closed) for node in nodes))


def comment_html(comment: Shown, *, closed: bool = False, name_parent: bool = False) -> SafeString:
    """One comment. `closed`: nothing can be answered any more. `name_parent`: it says whom it answers, for where its parent does
    not stand above it.
    """  # fmt: skip
    if not comment.is_visible:
        gone = GONE.get(Status(comment.status), REMOVED)
        return SafeString(f'\n<div class="comment comment-gone" id="comment-{comment.pk}"><p>{gone}</p></div>\n\n')
    pk, name = comment.pk, escape(comment.name)
    page, like, reply, report = (
        address(verb, pk) for verb in ("comment", "comment_like", "comment_reply", "comment_report")
    )
    answered = ""
    # A name that was taken away with its comment may be why it was.
    if comment.answers_id:
        if comment.answers_status == Status.PUBLISHED:
            answered = _answers(comment.answers_id, comment.answers_name)
    elif name_parent and comment.parent_id != comment.root_id and comment.parent_status == Status.PUBLISHED:
        answered = _answers(comment.parent_id, comment.parent_name)
    iso, told = moment(comment.created_at)
    picked = comment.picked_at is not None
    return SafeString(f"""
<article class="comment{" comment-picked" if picked else ""}" id="comment-{pk}" itemscope itemtype="https://schema.org/Comment" aria-label="Comment by {name}">
  <header class="comment-head">
    <b class="comment-name" dir="auto" itemprop="author" itemscope itemtype="https://schema.org/Person"><span itemprop="name">{name}</span></b>
    {'<span class="comment-badge">Staff</span>' if comment.is_staff else ""}
    {'<span class="comment-badge comment-badge-pick">Editor’s pick</span>' if picked else ""}
    {answered}
    <a class="comment-time" href="{page}" itemprop="url" rel="nofollow"><time datetime="{iso}" itemprop="dateCreated">{told}</time>{" (edited)" if comment.edited_at else ""}</a>
  </header>
  <div class="comment-text" dir="auto" itemprop="text">{comment.body_html}</div>
  <footer class="comment-foot">
    <form method="post" action="{like}" data-like><button type="submit" class="comment-act"><span aria-hidden="true">▲</span> Like<span class="hidden"> the comment by {name}</span> <span data-likes{f' itemprop="upvoteCount">{comment.likes}' if comment.likes else ">"}</span></button></form>
    {"" if closed else f'<a class="comment-act" href="{reply}" rel="nofollow" data-reply="{pk}">Reply<span class="hidden"> to {name}</span></a>'}
    <a class="comment-act" href="{report}" rel="nofollow">Report<span class="hidden"> the comment by {name}</span></a>
  </footer>
</article>

""")  # noqa: E501


def _node(node: Node, closed: bool) -> str:
    below = ""
    if node.replies or node.more:
        more = ""
        if node.more:
            more = (
                f'<li class="comments-more"><a href="{address("comment_replies", node.comment.pk)}?after={FIRST_REPLIES}">'
                f"{node.more} more {pluralize(node.more, 'reply,replies')}</a></li>"
            )
        replies = "".join(_node(reply, closed) for reply in node.replies)
        below = f'\n    <ol class="comments-replies">\n      {replies}\n      {more}\n    </ol>\n  '
    return f"<li>\n  {comment_html(node.comment, closed=closed)}\n  {below}\n</li>\n"


def _answers(pk: int | None, name: str | None) -> str:
    return (
        f'<span class="comment-answers">answers <a href="{address("comment", pk)}" dir="auto">{escape(name)}</a></span>'
    )


def address(name: str, pk: int | None) -> str:
    """`reverse(name, args=[pk])` for addresses that differ in a number alone."""
    before, after = _around(get_script_prefix(), name)
    return f"{before}{pk}{after}"


@cache
def _around(prefix: str, name: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[0]).partition("0")
    return before, after


def moment(at: datetime.datetime) -> tuple[str, str]:
    """For machines and for readers, as the filters `date:"c"` and `date:"j M Y, H:i T"` have it."""
    at = timezone.localtime(at)
    return (
        at.isoformat(timespec="seconds"),
        f"{at.day} {_month(at.month, get_language())} {at.year}, {at.hour:02}:{at.minute:02} {_zone(at)}",
    )


@cache
def _month(month: int, language: str) -> str:
    return date(datetime.date(2000, month, 1), "M")


def _zone(at: datetime.datetime) -> str:
    return at.tzname() or date(at, "T")
