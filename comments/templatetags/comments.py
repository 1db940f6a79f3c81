from __future__ import annotations

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from articles.caching import editions
from articles.caching.pieces import kept, piece
from articles.models import Article
from articles.reads.most_read import top_rows
from comments.conversation import Page, Shown, Sort, page_of
from comments.forms import CommentForm
from comments.markup import address, comment_html, conversation_html
from comments.models import Policy
from comments.most_discussed import RANKING

register = template.Library()


@register.simple_tag
def comments_of(article: Article) -> SafeString:
    """The talk under a story, and the form to join it: three queries, however much has been said."""
    rules = Policy.objects.rules_for(article)
    editions.changes_at(rules.closed_at(article))
    closed = rules.is_closed(article)
    page = page_of(article) if article.comment_count else None
    shown = (page.next, *page.rows()) if page else None
    return kept(
        ("comments", article.pk, article.comment_count, closed, shown),
        lambda: render_to_string(
            "comments/thread.html",
            {"article": article, "page": page, "closed": closed, "sorts": Sort},
        ),
    )


@register.simple_tag
def blank_comment_form() -> SafeString:
    """The fields of the form as everybody finds it under any story."""
    return kept(("blank comment form",), lambda: render_to_string("comments/form_fields.html", {"form": CommentForm()}))


@register.simple_tag
def comment_address(name: str, pk: int) -> str:
    return address(name, pk)


@register.simple_tag
def conversation(page: Page, closed: bool) -> SafeString:
    return conversation_html(page.nodes, closed=closed)


@register.simple_tag
def one_comment(comment: Shown, name_parent: bool = False, closed: bool = False) -> SafeString:
    return comment_html(comment, name_parent=name_parent, closed=closed)


@register.simple_tag
def most_discussed(heading: str, *, size: int = 5) -> SafeString:
    """The stories on which most was said in the last days; nothing at all where nothing was said."""
    return piece(
        "components/top_list.html",
        heading=heading, id="most-discussed", stories=top_rows(RANKING, size), leads_to="#comments",
    )  # fmt: skip
