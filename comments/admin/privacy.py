from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path

from comments.models import Commenter
from comments.privacy import erase, export

ERASE = "comments.erase_commenter"


class EraseForm(forms.Form):
    keep_comments = forms.TypedChoiceField(
        label="The comments",
        choices=[("yes", "stay, under no name"), ("no", "are deleted, with all their earlier texts")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        initial="yes",
    )
    sure = forms.BooleanField(
        label="I know that this cannot be undone", error_messages={"required": "Please tick this if you are sure."}
    )


class PrivacyMixin:
    """Export and erasure on the screen of a guest, for who has the permission."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.privacy_view)
        return [path("<int:pk>/privacy/", view, name="comments_commenter_privacy"), *super().get_urls()]

    def privacy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(ERASE):
            raise PermissionDenied
        guest = get_object_or_404(Commenter, pk=pk)
        if request.method == "POST" and "_export" in request.POST:
            options = {"ensure_ascii": False, "indent": 2}
            response = JsonResponse(export(guest), json_dumps_params=options)
            response["Content-Disposition"] = f'attachment; filename="guest-{guest.pk}.json"'
            response["Cache-Control"] = "no-store"
            return response
        form = EraseForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            touched = erase(guest, keep_comments=form.cleaned_data["keep_comments"])
            changed = "1 comment was" if touched == 1 else f"{touched} comments were"
            self.message_user(request, f"Guest {guest.pk} is erased; {changed} changed.", messages.SUCCESS)
            return redirect("admin:comments_commenter_changelist")
        context = {
            "title": f"Guest {guest.pk}: privacy",
            "opts": self.opts,
            "media": self.media,
            "guest": guest,
            "form": form,
        }
        template = "admin/comments/commenter/privacy.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)
