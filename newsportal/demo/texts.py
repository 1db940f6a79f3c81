"""Read the demo newsroom's texts: header lines, an empty line, then Markdown; as a mail is written, so a mail parser reads it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path

from django.utils.html import escape, format_html
from markdown_it import MarkdownIt

FOLDER = Path(__file__).parent

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
AGE = re.compile(r"^(?P<ahead>in )?(?P<number>\d+)(?P<unit>[mhdw])$")


def stories() -> Iterator[tuple[str, Message]]:
    """(file name without its ending, story) in the order of the names."""
    for path in sorted((FOLDER / "stories").glob("*.txt")):
        yield path.stem, message_from_string(path.read_text(encoding="utf-8"))


def blocks(name: str) -> list[Message]:
    """The parts of a file of many, separated by lines of three hyphens."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [
        message_from_string(part.strip("\n") + "\n")
        for part in re.split(r"^---$", text, flags=re.MULTILINE)
        if part.strip()
    ]


def age(text: str) -> datetime.timedelta:
    """How long ago: "25m", "3h", "2d", "3w"; negative for "in 2d". Raises ValueError for anything else."""
    match = AGE.match(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not an age such as 25m, 3h, 2d, 3w or in 2d.")
    length = datetime.timedelta(**{UNITS[match["unit"]]: int(match["number"])})
    return -length if match["ahead"] else length


def fields_of(block: str) -> dict[str, str]:
    """The `name: value` lines of a fenced block."""
    return {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in block.splitlines()) if value
    }


def figures(markdown: str) -> list[dict[str, str]]:
    """The pictures that a text asks for, each with `picture`, `alt`, `caption` and `credit`."""
    return [fields_of(token.content) for token in MarkdownIt().parse(markdown) if token.info.strip() == "figure"]


def to_html(markdown: str, image_ids: dict[str, int] | None = None) -> str:
    """Body HTML as an editor would have left it. `image_ids`: picture name → number of the Image made for it."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")

    def fence(self, tokens, index, options, env) -> str:
        kind, content = tokens[index].info.strip(), tokens[index].content
        if kind == "pullquote":
            return format_html('<aside class="pullquote"><p>{}</p></aside>', " ".join(content.split()))
        if kind == "embed":
            return format_html('<figure data-embed="{}"></figure>', content.strip())
        if kind == "figure":
            number = (image_ids or {})[fields_of(content)["picture"]]
            return format_html('<figure data-image="{}"><figcaption></figcaption></figure>', number)
        return f"<p>{escape(content)}</p>"

    parser.add_render_rule("fence", fence)
    return parser.render(markdown)
