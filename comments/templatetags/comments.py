from __future__ import annotations

from typing import Any

from django import template

from articles.models import Article
from comments.conversation import Sort, page_of
from comments.forms import CommentForm
from comments.models import Policy

register = template.Library()


@register.inclusion_tag("comments/thread.html")
def comments_of(article: Article) -> dict[str, Any]:
    """The talk under a story, and the form to join it: three queries, however much has been said."""
    closed = Policy.objects.rules_for(article).is_closed(article)
    page = page_of(article) if article.comment_count else None
    return {"article": article, "page": page, "closed": closed, "form": CommentForm(), "sorts": Sort}
