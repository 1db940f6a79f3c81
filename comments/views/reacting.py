"""Reacting to what somebody has said: liking and reporting it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect, ensure_csrf_cookie
from django.views.decorators.http import require_http_methods, require_POST

from articles.models import Article
from comments import origin
from comments.forms import FlagForm
from comments.identity import reader_of, remember
from comments.models import Comment
from comments.reactions import ReactionRefused, flag, toggle_like


def _visible(pk: int) -> Comment:
    comment = get_object_or_404(Comment.objects.visible().select_related("article"), pk=pk)
    get_object_or_404(Article.objects.public(), pk=comment.article_id)
    return comment


@csrf_exempt  # The button stands on pages without a token; without proof of origin a page asks once more.
@require_POST
@never_cache
def like(request: HttpRequest, pk: int) -> HttpResponse:
    """Like a comment, or take that back: once per browser. Answers a script with JSON, a form with the way back."""
    comment = _visible(pk)
    if not (origin.is_ours(request) or origin.has_token(request)):
        return _ask_again(request, comment)
    reader = reader_of(request)
    wants_json = request.headers.get("Accept", "") == "application/json"
    try:
        liked = toggle_like(comment, reader)
    except ReactionRefused as refusal:
        if wants_json:
            return JsonResponse({"message": refusal.messages[0]}, status=429)
        return render(
            request, "comments/refused.html", {"comment": comment, "refusal": refusal.messages[0]}, status=429
        )
    response: HttpResponse = redirect(comment.get_absolute_url())
    if wants_json:
        response = JsonResponse({"likes": comment.likes, "liked": liked})
    remember(response, reader)
    return response


@ensure_csrf_cookie
def _ask_again(request: HttpRequest, comment: Comment) -> HttpResponse:
    return render(request, "comments/like_again.html", {"comment": comment})


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell the moderators of a comment, with a reason."""
    comment = _visible(pk)
    form = FlagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reader = reader_of(request)
        try:
            flag(comment, reader, **form.cleaned_data)
        except ReactionRefused as refusal:
            form.add_error(None, refusal)
        else:
            response = render(request, "comments/reported.html", {"comment": comment})
            remember(response, reader)
            return response
    status = 400 if form.errors else 200
    return render(request, "comments/report.html", {"comment": comment, "form": form}, status=status)
