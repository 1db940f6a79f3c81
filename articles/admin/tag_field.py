"""Tags on the story form: look one up, or type a new one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from articles.lookup import LookupOfSeveral
from articles.models import Tag, TaggedArticle

#: What the page puts before a name that is not in the list yet (static/js/desk/tags.js).
NEW = "new:"
MAX_LENGTH = 100


class TagSelect(LookupOfSeveral):
    """The admin's autocomplete over the tags; keeps what was newly typed when the form comes back with an error."""

    def __init__(self):
        super().__init__(TaggedArticle._meta.get_field("tag"), admin.site, attrs={"data-new-tags": NEW})

    def optgroups(self, name: str, value: list[str], attr: dict[str, Any] | None = None):
        known = [choice for choice in value if not str(choice).startswith(NEW)]
        groups = super().optgroups(name, known, attr)
        for choice in value:
            if str(choice).startswith(NEW):
                text = str(choice).removeprefix(NEW)
                groups[0][1].append(self.create_option(name, choice, text, {choice}, len(groups[0][1])))
        return groups

    @property
    def media(self):
        return super().media + forms.Media(js=["js/desk/tags.js"])


class TagsField(forms.ModelMultipleChoiceField):
    """Cleans to a list of tags and of new names, as taggit's `set()` takes them."""

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", TagSelect())
        super().__init__(Tag.objects.all(), required=False, **kwargs)

    def clean(self, value):
        value = [str(choice) for choice in value or []]
        names = [" ".join(choice.removeprefix(NEW).split()) for choice in value if choice.startswith(NEW)]
        if too_long := [name for name in names if len(name) > MAX_LENGTH]:
            raise forms.ValidationError(
                f"“{too_long[0][:40]}…” is too long for a tag: {MAX_LENGTH} characters at most."
            )
        return [*super().clean([choice for choice in value if not choice.startswith(NEW)]), *filter(None, names)]

    def has_changed(self, initial, data) -> bool:
        return {str(pk) for pk in self.prepare_value(initial) or []} != {str(pk) for pk in data or []}
