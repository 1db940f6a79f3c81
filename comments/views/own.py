"""One's own: confirming an address, the comments one has sent, changing and deleting them, leaving."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from articles.models import Article
from comments.confirm import confirm_address
from comments.decide import DecisionRefused, delete_own
from comments.edit import TOO_LATE, EditRefused, edit, may_edit
from comments.forms import AddressForm, EditForm
from comments.identity import Reader, commenter_confirmed_by, forget, reader_of, remember
from comments.limits import is_too_often
from comments.models import Comment, Commenter, Sanction, Status
from comments.models.status import TURNED_AWAY
from comments.notifications import LINKS_AN_HOUR, ask_to_confirm
from comments.views.words_back import words_back

OWN_SHOWN = 50

#: What has been done, as an address says it: Django's messages would put a cookie on reading pages.
DONE = {
    "changed": "Your comment has been changed. It is on the page.",
    "changed-waits": "Your comment has been changed. A moderator reads it before it appears.",
    "deleted": "Your comment has been deleted.",
    "confirmed": "Your address is confirmed in this browser.",
    "mail-on": "You get mail about replies.",
    "mail-off": "You get no more mail about replies.",
    "left": "This browser is forgotten.",
}


def _back(done: str) -> HttpResponse:
    return redirect(f"{reverse('comment_own')}?done={done}")


def _own_comment(reader: Reader, pk: int, *, or_deleted: bool = False) -> Comment:
    """A comment of this reader's; for all others it does not exist."""
    comment = get_object_or_404(Comment.objects.select_related("article__section", "commenter"), pk=pk)
    if not reader.owns(comment) or (comment.status == Status.DELETED and not or_deleted):
        raise Http404("There is no such comment of yours.")
    return comment


@require_safe
@never_cache
def own(request: HttpRequest) -> HttpResponse:
    """Who we take this browser for, and what it has sent last."""
    reader = reader_of(request)
    done = request.GET.get("done", "")
    context = {
        "reader": reader,
        "comments": _latest(reader),
        "done": DONE.get(done),
        "just_confirmed": done == "confirmed",  # which the page says otherwise by itself
        "sanctions": Sanction.objects.against(proved=reader.commenter),
    }
    return render(request, "comments/own.html", context)


def _latest(reader: Reader, **which) -> list[Comment]:
    comments = Comment.objects.filter(reader.own, **which).exclude(status=Status.DELETED)
    latest = list(comments.select_related("article", "parent", "commenter").order_by("-pk")[:OWN_SHOWN])
    for comment in latest:
        comment.may_edit = may_edit(comment, reader)  # type: ignore[attr-defined]
    return latest


@require_safe
@never_cache
def waiting(request: HttpRequest, article: int) -> HttpResponse:
    """A fragment for the page of a story: what this reader has sent there and others do not see yet; 204 for nothing."""
    reader = reader_of(request)
    story = get_object_or_404(Article.objects.public(), pk=article)
    hidden = _latest(reader, article=story, status__in=[Status.PENDING, *TURNED_AWAY])
    mine = [comment for comment in hidden if comment.status_for_its_author == Status.PENDING]
    if not mine and not reader.commenter and not reader.user:
        return HttpResponse(status=204)
    return render(request, "comments/waiting.html", {"reader": reader, "comments": mine, "article": story})


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own text while that is possible."""
    reader = reader_of(request)
    try:
        comment = _own_comment(reader, pk)
    except Http404:
        if request.method != "POST":
            raise
        return words_back(request, "This browser is not known as the author of such a comment any more.")
    form = EditForm(request.POST or None, initial={"body": comment.body, "revision": comment.revision})
    if request.method == "POST" and form.is_valid():
        comment.revision = form.cleaned_data["revision"]
        try:
            edit(comment, form.cleaned_data["body"], reader)
        except EditRefused as refusal:
            form.add_error(None, refusal)
        else:
            return _back("changed" if comment.is_visible else "changed-waits")
    too_late = None if form.is_bound or may_edit(comment, reader) else TOO_LATE
    context = {"comment": comment, "article": comment.article, "form": form, "refusal": too_late}
    return render(request, "comments/edit.html", context, status=400 if form.errors else 200)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    reader = reader_of(request)
    is_pressed = request.method == "POST"
    comment = _own_comment(reader, pk, or_deleted=is_pressed)
    if is_pressed:
        while comment.status != Status.DELETED:
            try:
                delete_own(comment)
            except DecisionRefused:
                # A moderator was at it in the same moment: it is the author's to delete whatever became of it.
                comment = _own_comment(reader, pk, or_deleted=True)
        return _back("deleted")
    return render(request, "comments/delete.html", {"comment": comment, "article": comment.article})


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """What a link in a mail leads to. Mail programs follow links by themselves: only the button confirms."""
    commenter = commenter_confirmed_by(token)
    if commenter is None:
        return render(request, "comments/confirm_expired.html", status=404)
    if request.method != "POST":
        response = render(request, "comments/confirm.html", {"token": token})
        # The address of this page is a key: it goes to nobody. With "no-referrer" the button's Origin would be "null" (Fetch
        # standard, "append a request Origin header"), which the check of the token refuses.
        response["Referrer-Policy"] = "strict-origin"
        return response
    reader = confirm_address(commenter, reader_of(request))
    response = _back("confirmed")
    remember(response, reader)
    return response


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Have a link sent to an address. Known and unknown addresses are answered alike."""
    form, status = AddressForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid() and settings.MAIL_ENABLED:
        # Before anything is written: whoever it is for, and whether that one is known, makes no difference.
        if is_too_often("links", reader_of(request).network, an_hour=LINKS_AN_HOUR):
            form.add_error("email", "Many links were asked for from your network. Please come back in an hour.")
            status = 429
        else:
            ask_to_confirm(Commenter.objects.by_email(form.cleaned_data["email"]), None)
            return render(request, "comments/link_sent.html")
    if form.errors and status == 200:
        status = 400
    context = {"form": form, "mail_enabled": settings.MAIL_ENABLED}
    return render(request, "comments/ask_for_link.html", context, status=status)


@csrf_protect
@require_POST
@never_cache
def settings_of_mail(request: HttpRequest) -> HttpResponse:
    """Whether this guest wants mail about replies at all."""
    reader = reader_of(request)
    if reader.commenter:
        wants = request.POST.get("wants_mail") == "yes"
        Commenter.objects.filter(pk=reader.commenter.pk).update(wants_mail=wants)
        return _back("mail-on" if wants else "mail-off")
    return redirect("comment_own")


@csrf_protect
@require_POST
@never_cache
def leave(request: HttpRequest) -> HttpResponse:
    """Forget this browser; or, with `everywhere`, end what every cookie and link of this guest is good for."""
    reader = reader_of(request)
    if reader.commenter and request.POST.get("everywhere"):
        reader.commenter.forget_browsers()
    response = _back("left")
    forget(response)
    return response
