"""The model field of a body, with the editor that writes its stored form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # To a reader of types it is a text field, whichever editor stands over it.
    from django.db.models import TextField as ProseEditorField
else:
    from django_prose_editor.fields import ProseEditorField

from articles.body.sanitise import sanitise

EXTENSIONS: dict[str, Any] = {
    "Bold": True,
    "Italic": True,
    "Strike": True,
    "Subscript": True,
    "Superscript": True,
    "HardBreak": True,
    "HorizontalRule": True,
    "Heading": {"levels": [2, 3]},
    "BulletList": True,
    "OrderedList": {"enableListAttributes": False},
    "ListItem": True,
    "Blockquote": True,
    "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto"]},
    "Table": True,
    "TableRow": True,
    "TableHeader": True,
    "TableCell": True,
    "PullQuote": True,
    "LibraryFigure": True,
    "EmbedCard": True,
    "Desk": True,
    "Menu": {
        "groups": [
            {"group": "blockType -lists", "type": "dropdown", "minItems": 2},
            {"group": "marks"},
            {"group": "link"},
            {"group": "lists"},
            {"group": "nodes -blockType -lists"},
            {"group": "newsroom"},
            {"group": "table"},
            {"group": "history"},
        ]
    },
}


class BodyField(ProseEditorField):
    """A story's body: a text field whose form cleans to the stored form of articles.body."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, extensions=EXTENSIONS, sanitize=sanitise, **kwargs)  # type: ignore[call-arg]
