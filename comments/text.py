"""Readers' text: what is taken off it when it comes, and the HTML that is made of it once, when it is saved."""

from __future__ import annotations

import re
import unicodedata

from django.utils.html import escape, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

from articles.body import accents
from comments.folding import FILLERS

# Characters that turn the direction of the text around them: one of them in a name rewrites the page for others.
BIDI_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: On one letter. The tallest that is written has eight, a Tibetan one; Hebrew has five, with vowels and accents.
MOST_MARKS = 8
#: Letters and signs to Unicode, and nothing to a reader: beside the fillers an empty Braille cell and a note without a head.
BLANK = {*FILLERS, "\u2800", "\U0001d159"}
QUOTED = re.compile(r"^>[ ]?", re.MULTILINE)


def clean(text: str) -> str:
    """NFC, with `\\n` line ends; without control and direction-override characters; at most one empty line in a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
    # Last: what is taken out may have stood between a letter and its accent.
    text = unicodedata.normalize("NFC", accents.without_heaps(BIDI_OVERRIDES.sub("", text), MOST_MARKS))
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def is_broken(text: str) -> bool:
    """Whether bytes that are not UTF-8 came with it: Django has put U+FFFD in their place."""
    return "\N{REPLACEMENT CHARACTER}" in text


def is_heaped(text: str) -> bool:
    """Whether marks stand on a letter that reach into other readers' lines."""
    return accents.is_heaped(text, MOST_MARKS)


def is_empty(text: str) -> bool:
    """Whether a reader would see nothing: only spaces, marks, blanks and characters without width."""
    return not any(unicodedata.category(c)[0] in "LNPS" and c not in BLANK for c in text)


def to_html(text: str) -> SafeString:
    """Paragraphs, line breaks, links and quotes (`>` at the start of a line); all else is shown as it was typed."""
    parts = []
    for block in re.split(r"\n{2,}", text):
        quoted = all(line.startswith(">") for line in block.split("\n"))
        html = linebreaks(_links(QUOTED.sub("", block) if quoted else block))
        parts.append(f"<blockquote>{html}</blockquote>" if quoted else html)
    return mark_safe("\n".join(parts))


def _links(text: str) -> str:
    # urlize() knows one value of rel. What is replaced cannot come from the reader: their quotation marks are escaped.
    return urlize(escape(text), trim_url_limit=60, nofollow=True).replace(
        'rel="nofollow"', 'rel="nofollow ugc noopener"'
    )
