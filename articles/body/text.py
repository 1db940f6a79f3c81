"""What a stored body says, without its markup."""

from __future__ import annotations

import re
from html import unescape

from articles.snippets import cut

WORDS_A_MINUTE = 230

IMAGE = re.compile(r'<figure data-image="(\d+)">')
CAPTION = re.compile(r"<figcaption>.*?</figcaption>", re.DOTALL)
BLOCK_END = re.compile(r"</(?:p|h2|h3|li|blockquote|tr|aside|figure)>|<br>|<hr>|</t[hd]>")
SENTENCE_END = re.compile(r"[.!?…。！？؟।]+[”’\"')」』]*(?=\s|$)|[。！？]")
TAG = re.compile(r"<[^>]*>")
SPACES = re.compile(r"[ \t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")


def image_ids(html: str) -> list[int]:
    """The numbers of the pictures in a stored body, in order, each once."""
    return list(dict.fromkeys(int(number) for number in IMAGE.findall(html)))


def in_one_line(text: str) -> str:
    """Each run of spaces and ends of lines as one space. A no-break or an ideographic space was meant, and stays."""
    return SPACES.sub(" ", text).strip(" ")


def plain_text(html: str) -> str:
    """The words of a stored body, a line a block, without captions."""
    text = TAG.sub("", BLOCK_END.sub("\n", CAPTION.sub("", html)))
    lines = (" ".join(line.split()) for line in unescape(text).split("\n"))
    return "\n".join(filter(None, lines))


def reading_minutes(html: str) -> int:
    """At 230 words a minute, and at least one."""
    return max(1, round(len(plain_text(html).split()) / WORDS_A_MINUTE))


def first_sentences(html: str, most: int) -> str:
    """How a text begins: whole sentences of up to `most` characters together, else one cut at a word, with an ellipsis."""
    text = " ".join(plain_text(html).split())
    if len(text) <= most:
        return text
    ends = [end.end() for end in SENTENCE_END.finditer(text[: most + 1])]
    if ends and ends[-1] > most // 3:
        return text[: ends[-1]].strip()
    return cut(text, most)
