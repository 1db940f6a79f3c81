from __future__ import annotations

from django.contrib import admin, messages
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html

from articles.admin.moment import MomentField, ZonedSplitDateTime
from articles.admin.uncounted import UncountedAdmin
from comments.models import Sanction


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
    fields = ["measure", "commenter", "user", "network", "mail_domain", "until", "reason"]
    raw_id_fields = ["commenter"]
    autocomplete_fields = ["user"]
    formfield_overrides = {models.DateTimeField: {"form_class": MomentField, "widget": ZonedSplitDateTime}}
    actions = ["lift"]

    class Media:
        css = {"all": ["css/desk/desk.css"]}

    def get_form(self, request, obj=None, **kwargs):
        # Who may lay a sanction on an account need not be able to open the list of accounts.
        if not request.user.has_perm("auth.view_user"):
            kwargs["exclude"] = ["user"]
        return super().get_form(request, obj, **kwargs)

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        return fields if request.user.has_perm("auth.view_user") else [name for name in fields if name != "user"]

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

    @admin.action(description="Lift the selected sanctions", permissions=["lift"])
    def lift(self, request, sanctions):
        active = [sanction for sanction in sanctions if sanction.is_active]
        for sanction in active:
            sanction.lift(request.user)
        self.message_user(request, f"Lifted: {len(active)}.", messages.SUCCESS)
