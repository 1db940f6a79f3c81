"""The form of a story filled with something else than what the story is: unsaved text, or its next version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict

from articles.admin import carried


def show_again(request: HttpRequest, data: QueryDict) -> None:
    """Make a request that only looks one whose form holds `data`. `never_valid` sees to it that nothing is saved."""
    request._load_post_and_files()  # now: when it is asked for files later, Django would empty POST again
    data[carried.KEEP] = "1"  # no field says what pressing “Save” would do with it
    request.method, request.POST = "POST", data
    carried.by(request).only_looks = True
    # Nothing is written: there is no token to ask for in a request that only looks.
    request._dont_enforce_csrf_checks = True


def never_valid(form: type[forms.ModelForm]) -> type[forms.ModelForm]:
    return type(form.__name__, (form,), {"is_valid": lambda self: form.is_valid(self) and False})


def as_posted(formsets: Iterable[forms.BaseFormSet]) -> QueryDict:
    """What a browser sends of formsets in which nothing has been typed."""
    data = QueryDict(mutable=True)
    for formset in formsets:
        for form in (formset.management_form, *formset.forms):
            for field in form:
                _put(data, field.html_name, field.value(), field.field.widget)
    return data


def _put(data: QueryDict, name: str, value: Any, widget: forms.Widget) -> None:
    if isinstance(widget, forms.MultiWidget):
        for end, part, inner in zip(widget.widgets_names, widget.decompress(value), widget.widgets, strict=True):
            _put(data, f"{name}{end}", part, inner)
    elif isinstance(value, list | tuple):
        data.setlist(name, [str(part) for part in value])
    elif value is not None and value is not False:
        data[name] = "on" if value is True else str(value)
