"""The lead picture's field on the story form: the library is opened from it, and what is chosen is seen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import ForeignKey
from django.forms import Script
from django.http import HttpRequest

from articles.lookup import Lookup

FIELD = "lead_image"


class LeadPictureSelect(Lookup):
    """Offers what is chosen alone: without scripts that can be kept or taken off. All else is static/js/desk/lead-picture.js."""

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        return forms.Select.build_attrs(self, base_attrs, extra_attrs) | {"data-lead-picture": True}

    @property
    def media(self) -> forms.Media:
        return forms.Media(js=[Script("js/desk/lead-picture.js", type="module")])  # type: ignore[list-item]


class LeadPictureMixin:
    """A screen with a lead picture; its form has the library's script as well (articles.admin.editor)."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == FIELD and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # It is taken off a story here, and beside that nothing takes it out of the library.
            field.widget.can_delete_related = False
        return field

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any):
        if db_field.name == FIELD:
            kwargs["widget"] = LeadPictureSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
