"""The moderators' queue."""

from __future__ import annotations

import re

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from comments.decide import MODERATE, DecisionRefused, decide
from comments.models import Comment, Reason, Status

#: A comment as a moderator saw it: number, revision, status.
SEEN = re.compile(r"(\d{1,18}):(\d{1,9}):(\w+)", re.ASCII)

#: The button pressed → the status it leads to.
BUTTONS = {"approve": Status.PUBLISHED, "reject": Status.REJECTED, "spam": Status.SPAM}


def _seen(comment: Comment) -> str:
    return f"{comment.pk}:{comment.revision}:{comment.status}"


def _as_seen(seen: str) -> Comment | None:
    """The comment as it was seen, which `decide()` compares with what it is now; None for what `_seen` did not write."""
    if match := SEEN.fullmatch(seen):
        comment = Comment.objects.filter(pk=match[1]).first()
        if comment:
            comment.revision, comment.status = int(match[2]), match[3]
        return comment
    return None


class QueueFilter(admin.SimpleListFilter):
    """Opens on what waits: that is what a moderator comes for."""

    title = "status"
    parameter_name = "queue"

    def lookups(self, request, model_admin):
        return [*((status.value, status.label) for status in Status if status != Status.PENDING), ("all", "All")]

    def choices(self, changelist):
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": Status.PENDING.label,
        }
        yield from list(super().choices(changelist))[1:]

    def queryset(self, request, queryset):
        match self.value():
            case None:
                return queryset.filter(status=Status.PENDING)
            case "all":
                return queryset
            case status:
                return queryset.filter(status=status)


class DecisionForm(ActionForm):
    reason = forms.ChoiceField(choices=[("", "no reason given"), *Reason.choices], required=False)


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ["comment", "story", "state", "decision"]
    list_display_links = None
    list_filter = [QueueFilter]
    list_per_page = 25
    list_select_related = ["article", "commenter"]
    ordering = ["created_at", "pk"]
    search_fields = ["name", "body", "commenter__email"]
    actions = ["approve_selected", "reject_selected", "spam_selected"]
    action_form = DecisionForm
    change_form_template = "admin/comments/comment/change_form.html"
    fields = readonly_fields = ["name", "email", "story", "text", "why", "state", "log"]

    class Media:
        css = {"all": ["css/desk/desk.css", "css/desk/queue.css"]}

    # --- Who may: reading needs the view permission, every decision the moderator's ---

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return request.user.has_perm(MODERATE)

    def has_delete_permission(self, request: HttpRequest, obj: Comment | None = None) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MODERATE)

    # --- The queue ---

    @admin.display(description="comment", ordering="created_at")
    def comment(self, comment: Comment):
        return format_html(
            '<a class="queue-name" href="{}">{}</a> <time class="quiet" datetime="{}">{}</time>'
            '<div class="queue-text" dir="auto">{}</div>{}',
            f"{comment.pk}/change/",
            comment.name,
            comment.created_at.isoformat(),
            f"{comment.created_at:%-d %b %Y, %H:%M}",
            mark_safe(comment.body_html),
            self.why(comment),
        )

    @admin.display(description="why it waits")
    def why(self, comment: Comment):
        sentences = [(finding["sentence"],) for finding in comment.findings]
        return format_html('<ul class="queue-why">{}</ul>', format_html_join("", "<li>{}</li>", sentences))

    @admin.display(description="story")
    def story(self, comment: Comment):
        return format_html('<a href="{}">{}</a>', comment.article.get_absolute_url(), comment.article.headline)

    @admin.display(description="status", ordering="status")
    def state(self, comment: Comment):
        return format_html(
            '<span class="desk-state" data-state="{}">{}</span>', comment.status, comment.get_status_display()
        )

    @admin.display(description="decide")
    def decision(self, comment: Comment):
        buttons = [(name, _seen(comment), name.capitalize())
                   for name, status in BUTTONS.items() if status != comment.status]  # fmt: skip
        return format_html(
            '<div class="queue-buttons">{}</div>',
            format_html_join("", '<button type="submit" name="_{}" value="{}">{}</button>', buttons),
        )

    @admin.display(description="e-mail")
    def email(self, comment: Comment) -> str:
        return comment.commenter.email

    @admin.display(description="text")
    def text(self, comment: Comment):
        return format_html('<div class="queue-text" dir="auto">{}</div>', mark_safe(comment.body_html))

    @admin.display(description="decisions")
    def log(self, comment: Comment):
        rows = [
            (f"{d.made_at:%-d %b %Y, %H:%M}", str(d), d.made_by or "the system", d.get_reason_display(), d.note)
            for d in comment.decisions.select_related("made_by")
        ]
        return (
            format_html('<ul class="queue-why">{}</ul>', format_html_join("", "<li>{} {} by {} {} {}</li>", rows))
            if rows
            else "–"
        )

    # --- Decisions ---

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if request.method == "POST" and self._decide_pressed(request):
            return redirect(request.get_full_path())
        return super().changelist_view(request, extra_context)

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        if request.method == "POST":
            self._decide_pressed(request)
            return redirect(request.path)
        return super().change_view(request, object_id, form_url, extra_context)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context |= {"reasons": Reason.choices, "decision_buttons": self.decision(obj)}
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _decide_pressed(self, request: HttpRequest) -> bool:
        """Carry out the button of one row, whose value is the comment as the moderator saw it."""
        for name, status in BUTTONS.items():
            if seen := request.POST.get(f"_{name}"):
                comment = _as_seen(seen)
                if comment is None:
                    self.message_user(request, "This comment is gone.", messages.ERROR)
                elif self._decide(request, [comment], status):
                    self.message_user(request, f"{status.label}: the comment by {comment.name}.", messages.SUCCESS)
                return True
        return False

    def _decide(self, request: HttpRequest, comments, status: Status) -> int:
        reason = request.POST.get("reason", "")
        reason = reason if reason in Reason.values and status != Status.PUBLISHED else ""
        count = 0
        for comment in comments:
            try:
                decide(comment, status, by=request.user, reason=reason, note=request.POST.get("note", ""))
                count += 1
            except DecisionRefused as refusal:
                self.message_user(request, " ".join(refusal.messages), messages.WARNING)
            except PermissionDenied as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
        return count

    def _decide_selected(self, request: HttpRequest, comments: QuerySet[Comment], status: Status) -> None:
        count = self._decide(request, comments, status)
        self.message_user(
            request, f"{status.label}: {count} {'comment' if count == 1 else 'comments'}.", messages.SUCCESS
        )

    @admin.action(description="Approve the selected comments", permissions=["moderate"])
    def approve_selected(self, request, comments):
        self._decide_selected(request, comments, Status.PUBLISHED)

    @admin.action(description="Reject the selected comments", permissions=["moderate"])
    def reject_selected(self, request, comments):
        self._decide_selected(request, comments, Status.REJECTED)

    @admin.action(description="Mark the selected comments as spam", permissions=["moderate"])
    def spam_selected(self, request, comments):
        self._decide_selected(request, comments, Status.SPAM)
