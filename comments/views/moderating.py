"""For moderators who read the site: the buttons of the queue beside the comments, on a page that is the same for everyone."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from comments.admin.queue import BUTTONS, as_seen, seen
from comments.decide import MODERATE, DecisionRefused, decide, start_batch
from comments.models import Comment

AT_MOST = 200


@csrf_protect
@require_http_methods(["GET", "POST"])
@never_cache
def in_place(request: HttpRequest) -> HttpResponse:
    """GET `?comments=1,2,3`: each visible one as this moderator sees it, and a token. POST `seen` and `to`: decide it."""
    if not request.user.is_active or not request.user.has_perm(MODERATE):
        return HttpResponse(status=204)
    if request.method == "POST":
        return _decide(request)
    numbers = [n for n in request.GET.get("comments", "").split(",") if n.isascii() and n.isdigit() and len(n) < 19]
    comments = Comment.objects.visible().filter(pk__in=numbers[:AT_MOST])
    return JsonResponse({"token": get_token(request), "seen": {comment.pk: seen(comment) for comment in comments}})


def _decide(request: HttpRequest) -> HttpResponse:
    comments, to = as_seen([request.POST.get("seen", "")]), BUTTONS.get(request.POST.get("to", ""))
    if not comments or to is None:
        return JsonResponse({"message": "There is no such comment."}, status=404)
    batch = start_batch(request.user)  # type: ignore[arg-type]  # who may moderate has an account
    try:
        decide(comments[0], to, by=request.user, batch=batch)  # type: ignore[arg-type]
    except (DecisionRefused, PermissionDenied) as refusal:
        batch.delete()
        return JsonResponse({"message": " ".join(getattr(refusal, "messages", [str(refusal)]))}, status=409)
    return JsonResponse({"message": f"{to.label}: the comment by {comments[0].name}."})
