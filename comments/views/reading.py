"""Reading on: more of a story's talk than the story shows, and the way to one comment. The same for everyone."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from articles.caching import editions
from articles.models import Article
from comments.conversation import (
    FIRST_REPLIES,
    BadCursor,
    Sort,
    cursor_of,
    page_of,
    replies_to,
    stands_on_first_page,
)
from comments.models import Comment, Policy

#: As a link of ours says it, in one spelling (comments.conversation.CURSOR).
PLACE = re.compile(r"0|[1-9][0-9]{0,8}")


@require_safe
def thread(request: HttpRequest, article: int) -> HttpResponse:
    """The comments of a story in an order (`?sort=newest|oldest|liked`), from a cursor (`?from=`) on."""
    story = get_object_or_404(Article.objects.public().select_related("section"), pk=article)
    sort = request.GET.get("sort", Sort.NEWEST)
    if sort not in Sort.values:
        raise Http404("There is no such order of comments.")
    try:
        page = page_of(story, sort, request.GET.get("from", ""))
    except BadCursor:
        raise Http404("There is no such page of comments.") from None
    context = {"article": story, "page": page, "closed": _is_closed(story), "sorts": Sort}
    return _kept_with(story, render(request, "comments/thread_page.html", context))


def _is_closed(story: Article) -> bool:
    rules = Policy.objects.rules_for(story)
    editions.changes_at(rules.closed_at(story))
    return rules.is_closed(story)


def _kept_with(story: Article, response: HttpResponse) -> HttpResponse:
    editions.shows(response, editions.of_story(story.pk))
    return response


@require_safe
def replies(request: HttpRequest, root: int) -> HttpResponse:
    """The replies to one comment, in the order in which they came, from the one after `?after=<place>` on."""
    beginning = get_object_or_404(Comment.objects.roots().listed(), pk=root)
    story = get_object_or_404(Article.objects.public().select_related("section"), pk=beginning.article_id)
    after = request.GET.get("after", "0")
    if not PLACE.fullmatch(after):
        raise Http404("There is no such page of replies.")
    context = {"article": story, "page": replies_to(beginning, int(after)), "closed": _is_closed(story)}
    return _kept_with(story, render(request, "comments/replies_page.html", context))


@require_safe
def permalink(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to the page on which the comment stands by now."""
    comment = get_object_or_404(Comment.objects.listed(), pk=pk)
    story = get_object_or_404(Article.objects.public(), pk=comment.article_id)
    return redirect(f"{_page_with(comment, story)}#comment-{comment.pk}")


def _page_with(comment: Comment, story: Article) -> str:
    if comment.root_id and (comment.place is None or comment.place > FIRST_REPLIES):
        after = urlencode({"after": (comment.place or 1) - 1})
        return f"{reverse('comment_replies', args=[comment.root_id])}?{after}"
    root = comment if comment.root_id is None else Comment.objects.get(pk=comment.root_id)
    if stands_on_first_page(root):
        return story.get_absolute_url()
    # The page that begins with its beginning.
    before = Comment(pk=root.pk + 1)
    return f"{reverse('comment_thread', args=[story.pk])}?{urlencode({'from': cursor_of(before, Sort.NEWEST)})}"
