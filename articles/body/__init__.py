"""The text of a story: kept as plain, closed HTML; read from anything; shown to readers.

`sanitise` is the one way in, for the desk's form and for code without one; `render` is the way out. Between them stands
`document.py`, which says what a body can be made of: what it has no word for cannot be kept and cannot be shown.
"""

from articles.body.embeds import EMBED_FRAME_ORIGINS
from articles.body.render import render
from articles.body.sanitise import sanitise
from articles.body.text import image_ids, plain_text, reading_minutes

__all__ = ["EMBED_FRAME_ORIGINS", "image_ids", "plain_text", "reading_minutes", "render", "sanitise"]
