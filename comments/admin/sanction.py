from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from articles.admin.moment import MomentField, ZonedSplitDateTime
from articles.admin.uncounted import UncountedAdmin
from articles.http.network import is_trusted, read_address
from comments.models import Sanction
from comments.network import hash_around


class ReasonField(forms.CharField):
    """What whoever a measure is laid on is told: one sentence or a few, with room to write them."""

    def __init__(self, **kwargs: Any):
        super().__init__(
            max_length=300,
            help_text="Whoever it is laid on reads this, word for word, whatever the measure: when they try to write, or on their "
            "page “Your comments”. What is only for moderators belongs in a note on the guest.",
            widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").split())


class LaidByHand(forms.ModelForm):
    """A sanction whose target is named, and not found through what they have written."""

    network = forms.CharField(
        required=False,
        max_length=64,
        help_text="An address, such as 203.0.113.7, or 2001:db8::7 to mean all of its /64. A keyed hash of it is kept. "
        "Beside a comment, “Author…” knows it by itself.",
        widget=AdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    reason = ReasonField()

    class Meta:
        model = Sanction
        fields = ["measure", "commenter", "user", "network", "mail_domain", "until", "reason"]
        help_texts = {"mail_domain": "What follows the @: everyone who has such an address is meant."}

    def clean_network(self) -> str:
        """The keyed hash that comments from this address have."""
        if not (typed := self.cleaned_data["network"]):
            return ""
        # It has been named, though nobody may be there.
        self.instance.network = typed
        if (address := read_address(typed)) is None:
            raise forms.ValidationError("This is no address: give a whole one, such as 203.0.113.7 or 2001:db8::7.")
        if is_trusted(address):
            raise forms.ValidationError(
                "This is one of the site's own proxies: readers come through it, and not from it."
            )
        return hash_around(address)


class ActiveFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("active", "Active"), ("over", "Over or lifted")]

    def queryset(self, request, queryset):
        match self.value():
            case "active":
                return queryset.active()
            case "over":
                return queryset.filter(Q(lifted_at__isnull=False) | Q(until__lte=timezone.now()))
        return queryset


@admin.register(Sanction)
class SanctionAdmin(UncountedAdmin):
    list_display = ["__str__", "state", "reason", "until", "made_by", "made_at"]
    sortable_by = ()
    list_filter = [ActiveFilter, "measure"]
    list_select_related = ["commenter", "user", "made_by"]
    search_fields = ["reason", "=mail_domain"]
    form = LaidByHand
    fields = LaidByHand.Meta.fields
    change_form_template = "admin/comments/sanction/change_form.html"
    raw_id_fields = ["commenter"]
    autocomplete_fields = ["user"]
    formfield_overrides = {models.DateTimeField: {"form_class": MomentField, "widget": ZonedSplitDateTime}}
    actions = ["lift"]

    class Media:
        css = {"all": ["css/desk/desk.css", "css/desk/queue.css"]}

    def get_urls(self):
        lift = path("<int:pk>/lift/", self.admin_site.admin_view(self.lift_view), name="comments_sanction_lift")
        return [lift, *super().get_urls()]

    def get_exclude(self, request, obj=None):
        # Who may lay a sanction on an account need not be able to open the list of accounts.
        return [] if request.user.has_perm("auth.view_user") else ["user"]

    def get_fields(self, request, obj=None):
        if obj:
            lifted = ["lifted"] if obj.lifted_at else []
            return ["state", "measure", "laid_on", "ends", "reason", "laid", *lifted]
        fields = super().get_fields(request, obj)
        return fields if request.user.has_perm("auth.view_user") else [name for name in fields if name != "user"]

    def get_readonly_fields(self, request, obj=None):
        return self.get_fields(request, obj) if obj else ()

    def has_change_permission(self, request, obj=None) -> bool:
        return False  # what was laid on somebody is lifted, and stays on record

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def has_lift_permission(self, request) -> bool:
        return request.user.has_perm("comments.add_sanction")

    def save_model(self, request, obj, form, change):
        obj.made_by = request.user
        super().save_model(request, obj, form, change)

    @admin.display(description="state")
    def state(self, sanction: Sanction):
        label = "Active" if sanction.is_active else "Lifted" if sanction.lifted_at else "Over"
        return format_html('<span class="desk-state" data-state="{}">{}</span>', label.lower(), label)

    @admin.display(description="on")
    def laid_on(self, sanction: Sanction) -> str:
        if sanction.commenter:
            url = reverse("admin:comments_commenter_change", args=[sanction.commenter_id])
            return format_html('<a href="{}">{}</a>', url, sanction.target)
        return f"everyone with an address of {sanction.mail_domain}" if sanction.mail_domain else sanction.target

    @admin.display(description="until")
    def ends(self, sanction: Sanction) -> str:
        return _told(sanction.until) if sanction.until else "for good"

    @admin.display(description="laid")
    def laid(self, sanction: Sanction) -> str:
        return f"{_told(sanction.made_at)}, by {sanction.made_by or 'somebody'}"

    @admin.display(description="lifted")
    def lifted(self, sanction: Sanction) -> str:
        return f"{_told(sanction.lifted_at)}, by {sanction.lifted_by or 'somebody'}" if sanction.lifted_at else ""

    def change_view(self, request, object_id, form_url="", extra_context=None) -> HttpResponse:
        may_lift = self.has_lift_permission(request)
        return super().change_view(request, object_id, form_url, (extra_context or {}) | {"may_lift": may_lift})

    def lift_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what lifting this one does, and do it when that is pressed."""
        if not (self.has_view_permission(request) and self.has_lift_permission(request)):
            raise PermissionDenied
        sanction = get_object_or_404(Sanction.objects.select_related("commenter", "user"), pk=pk)
        if request.method == "POST" or not sanction.is_active:
            if sanction.is_active:
                self._lift(request, sanction)
                self.message_user(request, f"Lifted: {sanction}.", messages.SUCCESS)
            else:
                self.message_user(request, "It is over already.", messages.WARNING)
            return redirect("admin:comments_sanction_change", pk)
        context = {
            "title": "Lift a sanction",
            "opts": self.opts,
            "media": self.media,
            "sanction": sanction,
            "ends": self.ends(sanction),
        }
        template = "admin/comments/sanction/lift.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _lift(self, request: HttpRequest, sanction: Sanction) -> None:
        sanction.lift(request.user)
        self.log_change(request, sanction, "Lifted.")

    @admin.action(description="Lift the selected sanctions", permissions=["lift"])
    def lift(self, request, sanctions):
        active = [sanction for sanction in sanctions if sanction.is_active]
        for sanction in active:
            self._lift(request, sanction)
        self.message_user(request, f"Lifted: {len(active)}.", messages.SUCCESS)


def _told(moment: datetime.datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
