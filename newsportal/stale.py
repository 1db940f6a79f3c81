"""A form that was opened before somebody else saved does not overwrite them: for every screen of the desk that has no better way.

The form carries, signed, a digest of what each of its fields held when it was opened: enough to know that it differs, and nothing
that is not on the page anyway. When the database holds something else by the time it comes back, nothing is saved: what was
typed stays in the form, and stands beside what is there now. Pressing "Save" again then overwrites knowingly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac

SALT = "newsportal.stale"
FIELD = "_opened_with"
SHOWN, DIGITS = 200, 32
#: Written by the machine while people look at the form: no reason to refuse them.
WRITTEN_BY_THE_MACHINE = {"last_login"}


if TYPE_CHECKING:
    Screen = admin.ModelAdmin
else:
    Screen = object


class RefusesStale(Screen):
    """Mixed into every ModelAdmin by the desk, except one that says `merges_changes`."""

    def _changeform_view(self, request: HttpRequest, object_id, form_url, extra_context):
        # Django calls this within the transaction that saves, so what is compared here is what will be overwritten.
        if request.method == "POST" and object_id:
            obj = self.get_object(request, object_id)
            if obj is not None and self.has_change_permission(request, obj):
                # Without the model's order, which may join what PostgreSQL cannot lock.
                self.model._default_manager.select_for_update().filter(pk=obj.pk).order_by("pk").first()
                obj.refresh_from_db()
                request.stale = _differences(obj, request.POST.get(FIELD, ""), self._held(request, obj))
        return super()._changeform_view(request, object_id, form_url, extra_context)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts, object_id: str):
        """Django's leads to the desk, and what somebody was typing about it would be gone, too."""
        from newsportal import bare  # its models are not ready when the desk is made

        back = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        return bare.deleted(request, back=back) or super()._get_obj_does_not_exist_redirect(request, opts, object_id)

    def get_form(self, request: HttpRequest, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        if not (stale := getattr(request, "stale", None)):
            return form

        def clean(self):
            form.clean(self)
            names = ", ".join(label for label, _ in stale)
            raise forms.ValidationError(
                f"Somebody else saved this while you had it open ({names}). Nothing has been overwritten: compare the table, "
                "and press Save again to keep what you have typed."
            )

        return type(form.__name__, (form,), {"clean": clean})

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if change and obj is not None:
            # As the database has it: the object at hand may hold what was typed.
            held = self._held(request, type(obj)._base_manager.get(pk=obj.pk))
            context["opened_with"] = signing.dumps(_digests(obj, held), salt=SALT)
            context["stale"] = getattr(request, "stale", None)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _held(self, request: HttpRequest, obj: models.Model) -> dict[str, str]:
        """What the form's fields and rows hold in the database, as text by label."""
        held = {}
        for name, field in super().get_form(request, obj, change=True).base_fields.items():
            # What cannot be typed there (a password's hash) is not overwritten either.
            if not field.disabled and name not in WRITTEN_BY_THE_MACHINE:
                held[name] = _told(obj, name)
        for inline in self.get_inline_instances(request, obj):
            name = str(inline.model._meta.verbose_name_plural)
            foreign_key = forms.models._get_foreign_key(self.model, inline.model, fk_name=inline.fk_name)
            rows = inline.model._base_manager.filter(**{foreign_key.name: obj}).order_by("pk")
            held[name] = "; ".join(", ".join(map(str, row)) for row in rows.values_list())
        return held


def _told(obj: models.Model, name: str) -> str:
    try:
        field = obj._meta.get_field(name)
    except FieldDoesNotExist:
        return ""
    if field.many_to_many:
        return ", ".join(sorted(str(other) for other in getattr(obj, name).all()))
    value: Any = getattr(obj, name, "")
    return "" if value is None else str(value)


def _digests(obj: models.Model, holds: dict[str, str]) -> dict[str, str]:
    """Of each value one that only this object and field give, and that nobody without our key can look for."""
    of = f"{SALT}:{obj._meta.label}:{obj.pk}"
    return {
        name: salted_hmac(f"{of}:{name}", value, algorithm="sha256").hexdigest()[:DIGITS]
        for name, value in holds.items()
    }


def _differences(obj: models.Model, opened_with: str, holds: dict[str, str]) -> list[tuple[str, str]]:
    """(label, what it holds now) for all that differs."""
    try:
        held = signing.loads(opened_with, salt=SALT)
    except signing.BadSignature:
        return [("the form is older than this page", "")]
    now = _digests(obj, holds)
    return [(name.replace("_", " "), value[:SHOWN]) for name, value in holds.items() if held.get(name) != now[name]]
