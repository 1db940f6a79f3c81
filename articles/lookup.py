"""The admin's fields that look things up, which go on where somebody has sent what is no number of anything.

Django looks it up all the same, and answers 500: to a link to a form for something new, and to a form that comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import widgets
from django.contrib.admin.options import BaseModelAdmin
from django.db import models
from django.http import HttpRequest

from articles.http.numbers import number_in


class PassesOverNonsense(widgets.AutocompleteMixin):
    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> list:
        return super().optgroups(name, [choice for choice in value if number_in(str(choice))], attr)


class Lookup(PassesOverNonsense, widgets.AutocompleteSelect):
    """For one."""


class LookupOfSeveral(PassesOverNonsense, widgets.AutocompleteSelectMultiple):
    """For several."""


class LooksUp(BaseModelAdmin):
    """Of a screen or a part of one: its `autocomplete_fields` are these."""

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Lookup(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: models.ManyToManyField, request: HttpRequest, **kwargs: Any):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", LookupOfSeveral(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_manytomany(db_field, request, **kwargs)
