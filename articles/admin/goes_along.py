"""What is deleted with something, and never by itself: nobody need be allowed to delete that."""

from __future__ import annotations

from django.db.models import Model
from django.http import HttpRequest


class GoesAlongMixin:
    #: An app of which this one knows nothing adds its own (comments.admin.policy).
    goes_along: tuple[type[Model], ...] = ()

    def get_deleted_objects(self, objs, request: HttpRequest):
        """Django asks the screens of all that is deleted, also of what they delete for nobody: nobody could delete anything."""
        to_delete, model_count, perms_needed, protected = super().get_deleted_objects(objs, request)
        along = {model._meta.verbose_name for model in self.goes_along}
        return to_delete, model_count, perms_needed - along, protected
