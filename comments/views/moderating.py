"""For moderators who read the site: the queue's buttons beside the comments, though the page is the same for everyone.

With scripts the buttons are a fragment that is put into the page; without, a page of their own, which the story links to.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from articles.http.numbers import number_in
from articles.models import Article
from comments.decide import MODERATE, DecisionRefused, confirm
from comments.models import Comment, Reason, Status
from comments.queue import BUTTONS, as_seen, page_of_queue, press, see, with_history, with_reports

AT_MOST = 200
#: So many of those that wait stand above a story's talk; the queue has the others.
WAITING_SHOWN = 10

#: What has been done, as an address says it: Django's messages would put a cookie on reading pages.
DONE = {"approve": "Published", "reject": "Rejected", "spam": "Spam", "keep": "It stays"}


def waiting_on(story: Article) -> list[Comment]:
    """What has waited longest under a story, over the index comment_story_queue; one more than is shown tells of others."""
    waiting = with_history(Comment.objects.filter(article=story, status=Status.PENDING)).order_by("created_at", "pk")
    return see(waiting[: WAITING_SHOWN + 1])


@csrf_protect
@require_http_methods(["GET", "POST"])
@never_cache
def in_place(request: HttpRequest) -> HttpResponse:
    """GET `?story=1&comments=2,3`: the buttons for each of these that is visible, and what waits there. POST: a button."""
    if not _may_moderate(request):
        return HttpResponse(status=204)
    if request.method == "POST":
        return _press(request)
    numbers = [number for text in request.GET.get("comments", "").split(",") if (number := number_in(text))]
    story = number_in(request.GET.get("story", ""))
    found = Article.objects.public().filter(pk=story).first() if story else None
    waiting = waiting_on(found) if found else []
    context = {
        "comments": see(with_reports(Comment.objects.visible().filter(pk__in=numbers[:AT_MOST]))),
        "waiting": waiting[:WAITING_SHOWN],
        "more_wait": len(waiting) > WAITING_SHOWN,
        "article": found,
        "reasons": Reason.choices,
    }
    return render(request, "comments/moderate_fragment.html", context)


@csrf_protect
@require_safe
@never_cache
def story(request: HttpRequest, article: int) -> HttpResponse:
    """A page of its own, for who has no scripts: all that was said under a story, newest first, with the buttons."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    if not _may_moderate(request):
        raise PermissionDenied
    return _page(
        request, get_object_or_404(Article.objects.public(), pk=article), DONE.get(request.GET.get("done", ""))
    )


def _page(request: HttpRequest, article: Article, said: str | None, status: int = 200) -> HttpResponse:
    comments = Comment.objects.filter(article=article).exclude(status=Status.DELETED)
    page = page_of_queue(comments, after=request.GET.get("after", ""), newest_first=True)
    context: dict[str, Any] = {
        "article": article,
        "comments": see(page.comments),
        "next": page.next,
        "said": said,
        "reasons": Reason.choices,
    }
    return render(request, "comments/moderate_page.html", context, status=status)


def _press(request: HttpRequest) -> HttpResponse:
    """One button, as in the queue, and undone there. Answers a script with JSON, a form with the page it came from."""
    comments, to = as_seen([request.POST.get("seen", "")], request.POST), request.POST.get("to", "")
    wants_json = request.headers.get("Accept", "") == "application/json"
    if not comments or to not in DONE:
        message, status = "There is no such comment.", 404
    else:
        message, status = _decide(request, comments[0], to)
    if wants_json:
        became = {"status": BUTTONS.get(to, ""), "done": DONE.get(to, "")}
        return JsonResponse({"message": message, "to": to, **became}, status=status)
    if status == 404:
        return HttpResponse(message, status=status, content_type="text/plain")
    if status == 409:
        return _page(request, comments[0].article, message, status)
    page = reverse("comment_moderate_story", args=[comments[0].article_id])
    return redirect(f"{page}?done={to}#comment-{comments[0].pk}")


def _decide(request: HttpRequest, comment: Comment, to: str) -> tuple[str, int]:
    user: Any = request.user  # who may moderate has an account
    refused: list[str] = []
    if to == "keep":
        try:
            confirm(comment, by=user)
        except DecisionRefused as refusal:
            refused = refusal.messages
    else:
        _, refused = press(
            [comment], to, by=user, reason=request.POST.get("reason", ""), note=request.POST.get("note", ""),
            inform="inform" in request.POST,
        )  # fmt: skip
    if refused:
        return " ".join(refused), 409
    return f"{DONE[to]}: the comment by {comment.name}.", 200


def _may_moderate(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.has_perm(MODERATE)
