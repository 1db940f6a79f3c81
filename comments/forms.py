from __future__ import annotations

from typing import Any

from django import forms
from django.template.defaultfilters import pluralize

from comments import text
from comments.checks.honeypot import FIELD as HONEYPOT
from comments.models.comment import MAX_LENGTH, MAX_NAME_LENGTH, MIN_LENGTH


class TextField(forms.CharField):
    """Readers' text, cleaned before it is judged. Says what is wrong with it; never shortens it."""

    def __init__(self, *, longest: int, shortest: int = 1, **kwargs: Any):
        super().__init__(strip=False, **kwargs)
        # Not as max_length: that would put maxlength into the HTML, with which browsers cut what is pasted.
        self.longest, self.shortest = longest, shortest

    def to_python(self, value: Any) -> str:
        return text.clean(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if text.is_broken(value):
            raise forms.ValidationError(
                "Some characters arrived damaged (they look like \N{REPLACEMENT CHARACTER}). Please mend them and send it again."
            )
        if value and text.is_empty(value):
            raise forms.ValidationError(self.error_messages["required"])
        if len(value) < self.shortest:
            raise forms.ValidationError(f"Please write at least {self.shortest} characters.")
        if len(value) > self.longest:
            over = len(value) - self.longest
            raise forms.ValidationError(
                f"This is {over:,} character{pluralize(over)} too long: at most {self.longest:,} fit. "
                "Nothing has been cut; please shorten it."
            )


class CommentForm(forms.Form):
    """The form under a story. It is the same for everyone, so that the page around it can be kept."""

    name = TextField(
        longest=MAX_NAME_LENGTH,
        error_messages={"required": "Please give a name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label="E-mail",
        help_text="Never shown.",
        error_messages={
            "required": "Please give an e-mail address. It is never shown.",
            "invalid": "This does not look like an e-mail address.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    body = TextField(
        label="Comment",
        longest=MAX_LENGTH,
        shortest=MIN_LENGTH,
        error_messages={"required": "Please write something first."},
        widget=forms.Textarea(attrs={"rows": 6, "data-count": MAX_LENGTH}),
    )

    use_required_attribute = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"auto_id": "comment-%s", **kwargs})
        # Added here for its odd name: a field called `website` invites programs, and people never see it.
        self.fields[HONEYPOT] = forms.CharField(
            required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"})
        )

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    @property
    def shown_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != HONEYPOT]

    @property
    def honeypot(self) -> forms.BoundField:
        return self[HONEYPOT]
