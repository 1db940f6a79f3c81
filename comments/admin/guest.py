"""What is known of a guest: history, sanctions, notes."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse

from comments.admin.privacy import PrivacyMixin
from comments.admin.uncounted import UncountedPaginator
from comments.decide import MODERATE, decide_all
from comments.keyed import keyed_hash
from comments.models import Commenter, GuestNote, Reason, Status
from comments.models.commenter import normal_email
from comments.queue import page_of_queue
from comments.sanctions import AT_ONCE


class NoteForm(forms.ModelForm):
    class Meta:
        model = GuestNote
        fields = ["text"]
        labels = {"text": "Note"}
        widgets = {"text": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})}


@admin.register(Commenter)
class CommenterAdmin(PrivacyMixin, admin.ModelAdmin):
    list_display = ["__str__", "email", "verified_at", "published_count", "rejected_count", "created_at"]
    ordering = ["-pk"]
    paginator = UncountedPaginator
    show_full_result_count = False
    search_fields = ["email"]
    search_help_text = "A whole e-mail address, or the number of a guest."
    actions = None

    class Media:
        css = {"all": ["css/desk/desk.css", "css/desk/queue.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Commenter | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Commenter | None = None) -> bool:
        return request.user.has_perm(MODERATE)

    def get_search_results(self, request, queryset, search_term):
        """Exact, over the index: a part of an address would read the whole table."""
        term = search_term.strip()
        if term.isascii() and term.isdigit() and len(term) < 19:
            return queryset.filter(pk=term), False
        if term:
            return queryset.filter(email_hash=keyed_hash("email", normal_email(term))), False
        return queryset, False

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not (object_id.isascii() and object_id.isdigit() and len(object_id) < 19):
            raise Http404("There is no such guest.")
        guest = get_object_or_404(Commenter, pk=object_id)
        note = NoteForm(request.POST if "_note" in request.POST else None)
        if request.method == "POST":
            if not self.has_change_permission(request):
                raise PermissionDenied
            if self._act(request, guest, note):
                return redirect(request.get_full_path())
        page = page_of_queue(guest.comments.all(), after=request.GET.get("after", ""), newest_first=True)
        context = {
            "title": str(guest),
            "opts": self.opts,
            "media": self.media,
            "guest": guest,
            "page": page,
            "note_form": note,
            "notes": guest.notes.select_related("made_by"),
            "sanctions": guest.sanctions.select_related("made_by"),
            "pending": guest.comments.filter(status=Status.PENDING)[:501].count(),
            "may_moderate": self.has_change_permission(request),
        }
        template = "admin/comments/commenter/guest.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _act(self, request: HttpRequest, guest: Commenter, note: NoteForm) -> bool:
        """Whether what was pressed is done, and the page can be shown anew."""
        if "_forget" in request.POST:
            guest.forget_browsers()
            self.message_user(request, "Every browser of this guest is a stranger's again.", messages.SUCCESS)
        elif "_reject_pending" in request.POST:
            pending = guest.comments.filter(status=Status.PENDING).order_by("pk")[:AT_ONCE]
            _, count, _ = decide_all(pending, Status.REJECTED, by=request.user, reason=Reason.OTHER)
            self.message_user(request, f"Rejected: {count}. The queue can undo it.", messages.SUCCESS)
        elif "_note" in request.POST:
            if not note.is_valid():
                return False
            note.instance.commenter, note.instance.made_by = guest, request.user
            note.save()
        return True
