from __future__ import annotations

from adminsortable2.admin import CustomInlineFormSet, SortableTabularInline
from django import forms
from django.http import HttpRequest

from articles.lookup import LooksUp


class PartFormSet(CustomInlineFormSet):
    """Their order is a number that can be typed: where scripts run it is hidden, and static/js/desk/bylines.js has buttons."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.default_order_field:  # which no set of rows has that is made only to be compared
            order = forms.NumberInput(attrs={"class": "_reorder_", "min": 0, "aria-label": "Order"})
            self.form.base_fields[self.default_order_field].widget = order


class PartInline(LooksUp, SortableTabularInline):
    """Rows that are part of the object above them: who may change that may change them, and nobody else."""

    extra = 0
    formset = PartFormSet

    class Media:
        js = ["js/desk/bylines.js"]

    def _may_change_whole(self, request: HttpRequest, obj=None) -> bool:
        whole = self.admin_site.get_model_admin(self.parent_model)
        return whole.has_change_permission(request, obj) if obj else whole.has_add_permission(request)

    has_add_permission = has_change_permission = has_delete_permission = _may_change_whole

    def has_view_permission(self, request: HttpRequest, obj=None) -> bool:
        return self.admin_site.get_model_admin(self.parent_model).has_view_permission(request, obj)
