"""The body in models and on the desk: a text column, with the editor over it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.templatetags.static import static
from django.urls import reverse_lazy
from django_prose_editor.fields import ProseEditorField
from django_prose_editor.widgets import AdminProseEditorWidget

from articles.body.embeds import PROVIDERS
from articles.body.sanitise import sanitise

#: They offer what a document can hold (document.py), and replace extensions of the same name that hold more.
MODULES = (
    "js/desk/editor.js",
    "js/desk/editor-figure.js",
    "js/desk/editor-embed.js",
    "js/desk/editor-paste.js",
)

EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "Strike": True,
    "Subscript": True,
    "Superscript": True,
    "Link": {"protocols": ["http", "https", "mailto"], "defaultProtocol": "https", "enableTarget": False},
    "Heading": {"levels": [2, 3]},
    "BulletList": True,
    "OrderedList": {"enableListAttributes": False},
    "ListItem": True,
    "Blockquote": True,
    "PullQuote": True,
    "HorizontalRule": True,
    "HardBreak": True,
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
    "Figure": {"library": reverse_lazy("admin:articles_image_picker")},
    "Embed": {
        "providers": [{"name": provider.name, "patterns": provider.patterns} for provider in PROVIDERS],
    },
    "History": True,
    "HTML": True,
    "TrailingNode": True,
    "PasteCleaning": True,
    "Desk": True,
    # A newsroom wants its spelling checked.
    "NoSpellCheck": False,
    "Menu": {
        "groups": [
            {"group": group}
            for group in ("headings", "marks", "link", "lists", "nodes -blockType", "table", "history", "utility")
        ]
    },
}


class BodyWidget(AdminProseEditorWidget):
    @property
    def media(self) -> forms.Media:
        return super().media + forms.Media(css={"all": ["css/desk/editor.css"]})

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"js_modules": [static(module) for module in MODULES]}


class BodyField(ProseEditorField):
    """Body HTML, a plain text column to migrations. A form sanitises it; code without a form calls `sanitise`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, extensions=EXTENSIONS, sanitize=sanitise, **kwargs)

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        # The admin asks for its own textarea over every text column.
        return super().formfield(**kwargs | {"widget": BodyWidget})
