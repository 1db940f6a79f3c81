"""What is known of a guest: history, sanctions, notes."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse

from articles.admin.uncounted import UncountedAdmin
from articles.http.numbers import number_in
from comments.admin.privacy import PrivacyMixin
from comments.admin.queue import counted, tell_refusals
from comments.decide import MODERATE, decide_all
from comments.models import Commenter, GuestNote, Reason, Status
from comments.queue import page_of_queue
from comments.sanctions import AT_ONCE


class NoteForm(forms.ModelForm):
    class Meta:
        model = GuestNote
        fields = ["text"]
        labels = {"text": "Note"}
        widgets = {"text": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"})}


@admin.register(Commenter)
class CommenterAdmin(PrivacyMixin, UncountedAdmin):
    list_display = ["__str__", "email", "verified_at", "published_count", "rejected_count", "created_at"]
    ordering = ["-pk"]
    sortable_by = ()
    actions = None
    change_list_template = "admin/comments/commenter/change_list.html"

    class Media:
        css = {"all": ["css/desk/desk.css", "css/desk/queue.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Commenter | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Commenter | None = None) -> bool:
        return request.user.has_perm(MODERATE)

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        """The search is sent and not part of an address: those of requests are logged. Exact, over the index."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        if not self.has_view_permission(request):
            raise PermissionDenied
        words, which = request.POST.get("who", "").strip(), request.GET.copy()
        number = number_in(words) or Commenter.objects.known_by_email(words).pk or 0
        if not Commenter.objects.filter(pk=number).exists():
            told = "There is no guest with this address or number. Give the whole address."
            self.message_user(request, told, messages.WARNING)
        which["id"] = str(number)
        return redirect(f"{request.path}?{which.urlencode()}")

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        guest = get_object_or_404(Commenter, pk=number_in(object_id))
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
            "pending": guest.comments.filter(status=Status.PENDING)[: AT_ONCE + 1].count(),
            "at_once": AT_ONCE,
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
            _, count, refused = decide_all(pending, Status.REJECTED, by=request.user, reason=Reason.OTHER)
            if count:
                self.message_user(request, f"Rejected: {counted(count)}. The queue can undo it.", messages.SUCCESS)
            elif not refused:
                self.message_user(request, "Nothing of theirs waits any more.", messages.WARNING)
            tell_refusals(request, refused)
        elif "_note" in request.POST:
            if not note.is_valid():
                return False
            note.instance.commenter, note.instance.made_by = guest, request.user
            note.save()
        return True
