from __future__ import annotations

from adminsortable2.admin import SortableTabularInline
from django.http import HttpRequest

from articles.lookup import LooksUp


class PartInline(LooksUp, SortableTabularInline):
    """Rows that are part of the object above them: who may change that may change them, and nobody else."""

    extra = 0

    def _may_change_whole(self, request: HttpRequest, obj=None) -> bool:
        whole = self.admin_site.get_model_admin(self.parent_model)
        return whole.has_change_permission(request, obj) if obj else whole.has_add_permission(request)

    has_add_permission = has_change_permission = has_delete_permission = _may_change_whole

    def has_view_permission(self, request: HttpRequest, obj=None) -> bool:
        return self.admin_site.get_model_admin(self.parent_model).has_view_permission(request, obj)
