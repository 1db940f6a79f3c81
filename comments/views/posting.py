"""Saying something: the post itself, the page that asks once more, an answer to someone, and what became of it."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from articles.http.numbers import number_in
from articles.models import Article
from comments import origin
from comments.forms import CommentForm
from comments.identity import Reader, reader_of, remember
from comments.models import Comment, Policy
from comments.post import PostRefused
from comments.post import post as take_in
from comments.views.words_back import words_back

SALT = "comments.received"
RECEIVED_FOR = 24 * 3600


@csrf_exempt  # Checked below: a post without a token is answered with a page that has one, and what was typed.
@require_POST
@never_cache
def post(request: HttpRequest, article: int) -> HttpResponse:
    """Take a comment in, or show the form again: with what is wrong (400), or with a token to press once more (200)."""
    story = Article.objects.public().filter(pk=article).first()
    if story is None:
        return words_back(request, "This story is not there any more.")
    reader = reader_of(request)
    form = CommentForm(request.POST, reader=reader)
    if not (origin.is_ours(request) or origin.has_token(request)):
        # Another site may have sent this in the reader's name: nothing is written until they press a button of ours.
        return _form_page(request, story, form, confirm=form.is_valid(), status=200 if form.is_valid() else 400)
    if form.is_valid():
        try:
            comment = take_in(story, reader, **form.said())
        except PostRefused as refusal:
            form.refuse(refusal.messages)
        else:
            response = redirect("comment_received", token=signing.dumps(comment.idempotency_key, salt=SALT))
            remember(response, reader)
            return response
    return _form_page(request, story, form, status=400)


@require_safe
@never_cache
def reply(request: HttpRequest, pk: int) -> HttpResponse:
    """The form to answer a comment, with that comment above it."""
    parent = get_object_or_404(Comment.objects.visible(), pk=pk)
    story = get_object_or_404(Article.objects.public(), pk=parent.article_id)
    reader = reader_of(request)
    if Policy.objects.rules_for(story).is_closed(story) and not reader.user:
        return render(request, "comments/closed.html", {"article": story})
    form = CommentForm(initial={"parent": pk, **_known(reader)}, reader=reader, stamped=True)
    return _form_page(request, story, form, parent=parent)


def _known(reader: Reader) -> dict[str, Any]:
    """The name under which a proved guest has written last."""
    if not reader.commenter:
        return {}
    names = reader.commenter.latest_comments().filter(is_proved=True).values_list("name", flat=True)
    return {"name": names.first() or ""}


@ensure_csrf_cookie
def _form_page(
    request: HttpRequest, story: Article, form: CommentForm, *, parent: Comment | None = None, confirm: bool = False,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    if parent is None and form.is_bound and (answered := number_in(form.data.get("parent", ""))):
        parent = Comment.objects.visible().filter(pk=answered, article=story).first()
    if form.is_bound:
        form.put_stamp()
        form.answer_nobody_gone()
    context = {"article": story, "form": form, "confirm": confirm, "parent": parent, "reader": form.reader}
    return render(request, "comments/form_page.html", context, status=status)


@require_safe
@never_cache
def received(request: HttpRequest, token: str) -> HttpResponse:
    """What was sent, for the one who sent it: the address is signed, and good for a day.

    It names the press and not the comment, and the page shows what was typed and nothing else: who sends the words of
    somebody else's comment again learns neither that it is there nor what became of it.
    """
    try:
        key = signing.loads(token, salt=SALT, max_age=RECEIVED_FOR)
    except signing.BadSignature:
        raise Http404("This address is not valid, or has expired.") from None
    comment = Comment.objects.select_related("article__section").filter(idempotency_key=key).first()
    if comment is None:  # changed or deleted since
        return redirect("comment_own")
    context = {"comment": comment, "article": comment.article, "is_own": reader_of(request).owns(comment)}
    response = render(request, "comments/received.html", context)
    response["X-Robots-Tag"] = "noindex"
    patch_cache_control(response, no_store=True, private=True)
    return response
