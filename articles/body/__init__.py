"""The HTML of a story's body: cleaned once when it comes in, rendered once when it is saved.

Stored form: p, h2, h3, strong, em, s, sub, sup, a, ul, ol, li, blockquote, hr, br, tables, and three things of our own:
`<aside class="pullquote"><p>…</p></aside>`, `<figure data-image="12"><figcaption>…</figcaption></figure>` (an empty caption
stands for the picture's own) and `<figure data-embed="https://…"></figure>`. A cell that is one paragraph holds its words alone.
"""

from articles.body.portable import portable
from articles.body.render import render
from articles.body.sanitise import read_ahead, sanitise
from articles.body.text import first_sentences, image_ids, in_one_line, plain_text, reading_minutes

__all__ = [
    "first_sentences", "image_ids", "in_one_line", "plain_text", "portable", "read_ahead", "reading_minutes", "render", "sanitise",
]  # fmt: skip
