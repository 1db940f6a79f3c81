from __future__ import annotations

from typing import Any

from django import template

from articles.models import Article
from comments.forms import CommentForm
from comments.views import page_of_comments

register = template.Library()


@register.inclusion_tag("comments/thread.html")
def comments_of(article: Article) -> dict[str, Any]:
    """The talk under a story, and the form to join it."""
    comments, more = page_of_comments(article)
    return {"article": article, "comments": comments, "more": more, "form": CommentForm()}
