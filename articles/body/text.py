"""What else is asked of a body: its words, how long they take, and which pictures it shows."""

from __future__ import annotations

from articles.body.document import Figure, plain, running_text
from articles.body.read import read

WORDS_A_MINUTE = 230


def plain_text(html: str) -> str:
    """The words of the story, a line for each paragraph, heading, item and cell; without captions and pull quotes."""
    return "\n".join(plain(block.text) for block in running_text(read(html)))


def reading_minutes(html: str) -> int:
    """Whole minutes, at least one."""
    return max(1, round(len(plain_text(html).split()) / WORDS_A_MINUTE))


def image_ids(html: str) -> list[int]:
    """The numbers of the images that it shows, each once, in their order."""
    return list(dict.fromkeys(block.image_id for block in read(html) if isinstance(block, Figure)))
