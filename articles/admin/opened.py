"""A row on a screen that is part of no version, and yet overwrites nothing that its editor has not seen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing

SALT = "articles.opened"


class OpenedForm(forms.ModelForm):
    """Carries, signed, what the row held when the page was made.

    What its editor has not touched is not saved, whatever the row holds by now. What both have changed is refused once, with
    what is there now; pressing "Save" again then overwrites knowingly.
    """

    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._holds = {name: self.get_initial_for_field(field, name) for name, field in self._own_fields()}
        self.initial["opened"] = signing.dumps(self._holds, salt=SALT)
        if self.is_bound:
            # "Changed" is what differs from what its editor saw, not from what somebody has saved since.
            self.initial.update(self._seen())

    def _own_fields(self) -> list[tuple[str, forms.Field]]:
        return [
            (name, field)
            for name, field in self.fields.items()
            if name in (self._meta.fields or ()) and name != "opened"
        ]

    def _seen(self) -> dict[str, Any]:
        try:
            return signing.loads(self.data.get(self.add_prefix("opened"), ""), salt=SALT)
        except signing.BadSignature:
            return dict.fromkeys(self._holds) if self.instance.pk else self._holds

    @property
    def changed_data(self) -> list[str]:
        own = dict(self._own_fields())
        return [name for name in super().changed_data if name in own]

    def clean(self):
        cleaned = super().clean()
        if self.instance.pk and self.has_changed() and self._holds != self._seen():
            # From now on its editor has seen what is there.
            data = self.data.copy()
            data[self.add_prefix("opened")] = signing.dumps(self._holds, salt=SALT)
            self.data = data
            now = "; ".join(f"{self.fields[name].label}: {self._told(name)}" for name in self._holds)
            raise forms.ValidationError(
                f"Somebody else has changed this meanwhile. It is now: {now}. Press Save again to keep what you have chosen."
            )
        return cleaned

    def _told(self, name: str) -> str:
        choices = dict(getattr(self.fields[name], "choices", []))
        value = self._holds[name]
        return str(choices.get(value, "–" if value in (None, "") else value))
