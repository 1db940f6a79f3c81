"""The moderators' queue: read, decide with a button or a key, undo."""

from __future__ import annotations

import datetime
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from articles.http.numbers import number_in
from articles.models import Article
from comments.admin.sanction import ReasonField
from comments.decide import MODERATE, DecisionRefused, confirm, last_batch, undo
from comments.models import Batch, Comment, Commenter, Reason, Sanction
from comments.queue import (
    BUTTONS,
    NEWEST_FIRST,
    PAGE_SIZE,
    SEARCHED,
    QueuePage,
    View,
    as_seen,
    comments_in,
    counts,
    page_of_queue,
    press,
    search,
    see,
    with_history,
)
from comments.reactions import pick
from comments.sanctions import AT_ONCE, Target, reject_all_by_author_of, sanction, written_by_author_of


class SanctionForm(forms.Form):
    """What is laid on the author of a comment."""

    # None to begin with: whoever presses without a look has chosen none, and not the hardest.
    measure = forms.ChoiceField(choices=[("", "Choose one"), *Sanction.Measure.choices])
    target = forms.ChoiceField(choices=Target.choices, label="On")
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3650,
        label="For days",
        help_text="Empty: for good. A suspension needs a number.",
    )
    reason = ReasonField()
    reject_all = forms.BooleanField(
        required=False, label=f"Also reject what of theirs waits or is published ({AT_ONCE} at most)"
    )

    def __init__(self, comment: Comment, *args, **kwargs):
        super().__init__(*args, **kwargs)
        choices = dict(Target.choices)
        if not comment.network:
            del choices[Target.NETWORK]
        if not (comment.commenter and comment.commenter.mail_domain):
            del choices[Target.DOMAIN]
        self.fields["target"].choices = list(choices.items())


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    """One screen, whose list is ours: Django's counts all rows, pages by offset and thinks in columns."""

    class Media:
        css = {"all": ["css/desk/desk.css", "css/desk/queue.css"]}
        js = ["js/desk/queue.js"]

    # --- Who may: reading needs the view permission, every decision the moderator's ---

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return request.user.has_perm(MODERATE)

    def has_delete_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def get_urls(self):
        ban = path(
            "<int:pk>/sanction/", self.admin_site.admin_view(self.sanction_view), name="comments_comment_sanction"
        )
        return [ban, *super().get_urls()]

    # --- Screens ---

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if request.method == "POST" and "_search" in request.POST:
            return self._search(request)
        self._check(request)
        if request.method == "POST":
            return self._act(request)
        view = request.GET.get("view", View.PENDING)
        if view not in View.values:
            raise Http404("There is no such view of the queue.")
        words, story = request.GET.get("q", "").strip(), request.GET.get("story", "")
        guest = request.GET.get("guest", "") if self._may_see_guests(request) else ""
        comments, newest_first, on = comments_in(view), view in NEWEST_FIRST, None
        if words:
            comments, newest_first, view = search(words), True, ""
        elif guest:
            comments, newest_first, view = Comment.objects.filter(commenter=number_in(guest)), True, ""
        elif story:
            comments, newest_first, view = Comment.objects.filter(article=number_in(story)), True, ""
            # Of a draft nobody learns here what it is called, or that it is there.
            on = Article.objects.seen_by(request.user).only("headline").filter(pk=number_in(story)).first()
        page = page_of_queue(comments, after=request.GET.get("after", ""), newest_first=newest_first)
        kept = {name: value for name in ("view", "q", "story", "guest") if (value := request.GET.get(name))}
        context = {
            "title": "Comments",
            "page": page,
            "next_url": "?" + urlencode(kept | {"after": page.next}) if page.next else "",
            "is_first": "after" not in request.GET,
            "view": view,
            "views": [
                (value, label, numbers.get(value, "")) for numbers in [counts()] for value, label in View.choices
            ],
            "words": words,
            "guest": guest,
            "of_one_story": bool(story),
            "story": on,
            "searched": SEARCHED,
        }
        return self._render(request, context | (extra_context or {}))

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        """One comment, as it stands in the queue."""
        self._check(request)
        if request.method == "POST":
            return self._act(request)
        comment = get_object_or_404(with_history(Comment.objects.filter(pk=number_in(object_id))))
        return self._render(request, {"title": f"Comment {comment.pk}", "page": QueuePage([comment]), "is_one": True})

    def _search(self, request: HttpRequest) -> HttpResponse:
        """To the address of what was found, which holds no e-mail address: those of requests are logged."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        words = request.POST.get("q", "").strip()
        if "@" in words and self._may_see_guests(request):
            return redirect(queue_url(guest=Commenter.objects.known_by_email(words).pk or 0))
        return redirect(queue_url(q=words.replace("@", " ")) if words else queue_url())

    def _may_see_guests(self, request: HttpRequest) -> bool:
        """Whose comments belong together is not for everyone who may read them."""
        return request.user.has_perm("comments.view_commenter")

    def _render(self, request: HttpRequest, context: dict) -> HttpResponse:
        see(context["page"].comments)
        context |= {
            "opts": self.opts,
            "media": self.media,
            "reasons": Reason.choices,
            "may_moderate": self.has_change_permission(request),
            "may_pick": self._may_pick(request),
            "may_see_guests": self._may_see_guests(request),
            "undoable": last_batch(request.user),
        }
        template = "admin/comments/comment/queue.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def sanction_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask what is to be laid on the author, and whether their comments go, too."""
        self._check(request, change=True)
        comment = get_object_or_404(Comment.objects.select_related("commenter", "author", "article"), pk=pk)
        form = SanctionForm(comment, request.POST or None)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            until = timezone.now() + datetime.timedelta(days=data["days"]) if data["days"] else None
            try:
                laid = sanction(
                    comment,
                    by=request.user,
                    measure=data["measure"],
                    reason=data["reason"],
                    target=data["target"],
                    until=until,
                )
            except ValidationError as refusal:
                # The model knows an end, of which the form asks in days.
                for name, sentences in refusal.message_dict.items():
                    field = "days" if name == "until" else name
                    form.add_error(field if field in form.fields else None, sentences)
            else:
                self.message_user(request, f"{laid}.", messages.SUCCESS)
                if data["reject_all"]:
                    _, count, refused = reject_all_by_author_of(comment, by=request.user, reason=Reason.OTHER)
                    if count or not refused:
                        self.message_user(request, f"Rejected: {counted(count)}.", messages.SUCCESS)
                    tell_refusals(request, refused)
                return redirect("admin:comments_comment_changelist")
        context = {
            "title": "Author of a comment",
            "opts": self.opts,
            "media": self.media,
            "comment": comment,
            "form": form,
            "theirs": written_by_author_of(comment)[: AT_ONCE + 1].count(),
            "at_once": AT_ONCE,
        }
        template = "admin/comments/comment/sanction.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _check(self, request: HttpRequest, *, change: bool = False) -> None:
        if change and not self.has_change_permission(request):
            raise PermissionDenied
        is_pick = self._may_pick(request) and _is_pick(request)
        if request.method == "POST" and not (is_pick or self.has_change_permission(request)):
            raise PermissionDenied
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _may_pick(self, request: HttpRequest) -> bool:
        return request.user.has_perm("comments.pick_comment")

    # --- What was pressed ---

    def _act(self, request: HttpRequest) -> HttpResponse:
        data = request.POST
        if batch := data.get("_undo"):
            self._undo(request, batch)
        elif action := data.get("_bulk"):
            self._decide(
                request, action, as_seen(data.getlist("selected"), data), data.get("reason", ""), "", inform=False
            )
        for name in (*BUTTONS, "keep", "pick", "unpick"):
            if value := data.get(f"_{name}"):
                comments = as_seen([value], data)
                if not comments:
                    self.message_user(request, "This comment is gone.", messages.ERROR)
                for comment in comments:
                    self._press(request, name, comment)
                return redirect(request.get_full_path() + self._next_anchor(request, comments))
        return redirect(request.get_full_path())

    def _press(self, request: HttpRequest, name: str, comment: Comment) -> None:
        data, pk = request.POST, comment.pk
        if name in BUTTONS:
            inform = bool(data.get(f"inform-{pk}"))
            self._decide(
                request, name, [comment], data.get(f"reason-{pk}", ""), data.get(f"note-{pk}", ""), inform=inform
            )
            return
        try:
            if name == "keep":
                confirm(comment, by=request.user)
                self.message_user(request, f"It stays: the comment by {comment.name}.", messages.SUCCESS)
            else:
                pick(comment, by=request.user, picked=name == "pick")
                picked = "picked out" if comment.picked_at else "not picked out any more"
                self.message_user(request, f"The comment by {comment.name} is {picked}.", messages.SUCCESS)
        except (DecisionRefused, PermissionDenied) as refusal:
            tell_refusals(request, getattr(refusal, "messages", [str(refusal)]))

    def _decide(self, request, action: str, comments: list[Comment], reason: str, note: str, *, inform: bool) -> None:
        if action not in BUTTONS:
            return
        if not comments:
            self.message_user(request, "No comment was selected.", messages.WARNING)
            return
        count, refused = press(comments, action, by=request.user, reason=reason, note=note, inform=inform)
        if count:
            told = f"the comment by {comments[0].name}" if len(comments) == 1 else counted(count)
            self.message_user(request, f"{BUTTONS[action].label}: {told}.", messages.SUCCESS)
        tell_refusals(request, refused)

    def _undo(self, request: HttpRequest, number: str) -> None:
        batch = Batch.objects.filter(pk=number_in(number), made_by=request.user).first()
        if batch is None:
            self.message_user(request, "There is nothing to undo.", messages.WARNING)
            return
        undone = undo(batch, by=request.user)
        if undone.count:
            self.message_user(request, f"Undone: {counted(undone.count)} as before.", messages.SUCCESS)
        tell_refusals(request, undone.refused)

    @staticmethod
    def _next_anchor(request: HttpRequest, decided: list[Comment]) -> str:
        """Where the eye goes on: the comment below the one that was decided."""
        order = request.POST.getlist("order")
        if decided and str(decided[0].pk) in order:
            rest = order[order.index(str(decided[0].pk)) + 1 :]
            below = number_in(rest[0]) if rest else 0
            return f"#entry-{below}" if below else ""
        return ""


def _is_pick(request: HttpRequest) -> bool:
    """Whether nothing else was pressed: what an editor may, who decides nothing."""
    pressed = {name for name in request.POST if name.startswith("_")}
    return bool(pressed) and pressed <= {"_pick", "_unpick"}


def tell_refusals(request: HttpRequest, sentences: list[str]) -> None:
    """Why something was not done; of more than a page of reasons the first, and how many others."""
    for sentence in sentences[:PAGE_SIZE]:
        messages.warning(request, sentence)
    if (more := len(sentences) - PAGE_SIZE) > 0:
        messages.warning(request, f"And {counted(more)} more, for reasons like these.")


def counted(count: int) -> str:
    return f"{count} {'comment' if count == 1 else 'comments'}"


def queue_url(**which: object) -> str:
    return f"{reverse('admin:comments_comment_changelist')}?{urlencode(which)}"
