"""Where readers send comments to. Nothing here is ever cached."""

from __future__ import annotations

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from articles.models import Article
from comments import origin
from comments.forms import CommentForm
from comments.models import Comment
from comments.post import post as take_in

SALT = "comments.received"
RECEIVED_FOR = 24 * 3600
PAGE_SIZE = 50


@csrf_exempt  # Checked below: a post without a token is answered with a page that has one, and what was typed.
@require_POST
@never_cache
def post(request: HttpRequest, article: int) -> HttpResponse:
    """Take a comment in, or show the form again: with what is wrong (400), or with a token to press once more (200)."""
    story = get_object_or_404(Article.objects.public(), pk=article)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _form_page(request, story, form, status=400)
    if not (origin.is_ours(request) or origin.has_token(request)):
        return _form_page(request, story, form, confirm=True)
    comment = take_in(story, form.cleaned_data)
    return redirect("comment_received", token=signing.dumps(comment.pk, salt=SALT))


@ensure_csrf_cookie
def _form_page(request: HttpRequest, story: Article, form: CommentForm, *, confirm: bool = False, status: int = 200):
    context = {"article": story, "form": form, "confirm": confirm}
    return render(request, "comments/form_page.html", context, status=status)


@require_safe
@never_cache
def received(request: HttpRequest, token: str) -> HttpResponse:
    """What was sent, for the one who sent it: the address is signed, and good for a day."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=RECEIVED_FOR)
    except signing.BadSignature:
        raise Http404("This address is not valid, or has expired.") from None
    comment = get_object_or_404(Comment.objects.select_related("article__section"), pk=pk)
    response = render(request, "comments/received.html", {"comment": comment, "article": comment.article})
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, no_store=True, private=True)
    return response


@require_safe
def thread(request: HttpRequest, article: int) -> HttpResponse:
    """The comments of a story from `?after=<number of a comment>` on, oldest first."""
    story = get_object_or_404(Article.objects.public().select_related("section"), pk=article)
    after = request.GET.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise Http404("There is no such page of comments.")
    comments, more = page_of_comments(story, after=int(after))
    return render(request, "comments/thread_page.html", {"article": story, "comments": comments, "more": more})


def page_of_comments(article: Article, after: int = 0) -> tuple[list[Comment], int | None]:
    """Up to PAGE_SIZE visible comments that come after the numbered one, and the number to go on from, if there are more."""
    visible = Comment.objects.visible().on(article).filter(pk__gt=after).order_by("pk")
    found = list(visible[: PAGE_SIZE + 1])
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
