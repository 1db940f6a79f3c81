"""Walk through HTML that a sanitiser has written: well-formed, every attribute quoted, entities in their places."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser

VOID = {"br", "hr", "img"}

Attributes = dict[str, str]


class Rewriter(HTMLParser):
    """Copies HTML as it is. A subclass answers for the tags that it knows: `start_<tag>(attributes)`, `end_<tag>()`.

    An answer is what is written instead; a tag without a method of its own is written by `start_other`, as it came.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def rewrite(self, html: str) -> str:
        self.feed(html)
        self.close()
        return "".join(self.parts)

    def write(self, html: str) -> None:
        self.parts.append(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        answer = getattr(self, f"start_{tag}", None)
        self.write(answer(attributes) if answer else self.start_other(tag, attributes))

    def start_other(self, tag: str, attributes: Attributes) -> str:
        return start_tag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        answer = getattr(self, f"end_{tag}", None)
        if tag not in VOID:
            self.write(answer() if answer else f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.write(escape(data, quote=False))


def start_tag(tag: str, attributes: Attributes) -> str:
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>"
