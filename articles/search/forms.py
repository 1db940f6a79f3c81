"""The search form: what a reader may leave out, mistype or make up, each told beside its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db import models

from articles.lists import CONTRIBUTOR, TAG
from articles.models import Article, PreviousListSlug, Section, make_slug
from articles.search.face import Scope, Sort
from articles.search.query import LONGEST_QUERY, Query, parse

#: No name or slug is as long: a longer text is not even made into one.
LONGEST_NAME = 300


class NamedField(forms.CharField):
    """Something with a slug, by its slug or its name as a reader would type it."""

    def __init__(self, *, among: Callable[[], models.QuerySet[Any]], missing: str, **kwargs):
        self.among, self.missing = among, missing
        super().__init__(required=False, max_length=LONGEST_NAME, **kwargs)

    def clean(self, value):
        text = super().clean(value)
        if not (slug := make_slug(text)):
            return None
        known = self.among()
        # An address that was written by hand may have letters that no slug of ours has.
        found = known.filter(slug=slug).first() or known.filter(models.Q(slug=text) | models.Q(name=text)).first()
        found = found or PreviousListSlug.objects.where_it_went(known, slug, text)
        if found is None:
            raise forms.ValidationError(self.missing)
        return found


class SectionField(forms.ModelChoiceField):
    """A section by its slug, or by one that it once had."""

    def to_python(self, value):
        try:
            return super().to_python(value)
        except forms.ValidationError:
            if went := PreviousListSlug.objects.where_it_went(Section.objects.all(), value):
                return went
            raise


class SearchForm(forms.Form):
    q = forms.CharField(required=False, label="Words")
    section = SectionField(
        Section.objects.all(), required=False, to_field_name="slug", empty_label="All sections",
        error_messages={"invalid_choice": "There is no such section."},
    )  # fmt: skip
    kind = forms.ChoiceField(required=False, choices=[("", "All kinds"), *Article.Kind.choices])
    tag = NamedField(among=TAG.known, missing="There is no such tag.")
    contributor = NamedField(among=CONTRIBUTOR.known, label="Author", missing="Nobody of this name has written here.")
    first_day = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    last_day = forms.DateField(required=False, label="To", widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    sort = forms.ChoiceField(required=False, label="Order", choices=Sort.choices)

    FILTERS = ("section", "kind", "tag", "contributor", "first_day", "last_day", "sort")

    def __init__(self, data):
        # No database takes NUL, and nobody means it.
        self.sent: dict[str, str] = {name: data[name].replace("\0", " ") for name in self.base_fields if name in data}
        super().__init__(self.sent, label_suffix="")
        self.query: Query = parse(self.sent.get("q", ""))

    def clean(self):
        super().clean()
        if section := self.cleaned_data.get("section"):
            self.sent["section"] = section.slug  # which of the choices it is
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first and last and first > last:
            self.add_error("last_day", "This is before the first day.")

    def scope(self) -> Scope:
        """What the filters say, for a form that is valid."""
        cleaned = self.cleaned_data
        return Scope(**{name: cleaned[name] for name in self.FILTERS if name != "sort"})

    def typed(self) -> str:
        return self.sent.get("q", "").strip()[:LONGEST_QUERY]

    def narrowed(self) -> bool:
        """Whether anything but words was asked for."""
        return any(self.sent.get(name) not in {None, "", Sort.RELEVANCE.value} for name in self.FILTERS)

    def address(self, **changed: str) -> str:
        """The query of this search with some of it changed, as it stands in an address; what is empty is left out."""
        asked = {name: self.sent.get(name, "")[:LONGEST_QUERY] for name in self.fields} | changed
        return "?" + urlencode({name: value for name, value in asked.items() if value and value != Sort.RELEVANCE})
