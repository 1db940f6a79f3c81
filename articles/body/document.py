"""What a body is made of. `read.py` makes a document of any HTML; `markup.py` and `render.py` write HTML of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from articles.body.embeds import Embed

#: The tags of marks, from the outermost inwards. A link stands around them all.
MARKS = ("strong", "em", "s", "sub", "sup")

#: A line break within a text. No other run of text contains this character.
BREAK = "\n"


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of text looks, and where it leads: `href` is empty, or one that `links.safe_href` has let through."""

    marks: frozenset[str] = frozenset()
    href: str = ""

    def with_mark(self, mark: str) -> Style:
        return replace(self, marks=self.marks | {mark})

    def with_href(self, href: str) -> Style:
        return replace(self, href=href)


@dataclass(frozen=True, slots=True)
class Run:
    text: str
    style: Style = Style()


Text = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph or a heading: `tag` is p, h2 or h3. Never empty."""

    tag: str
    text: Text


@dataclass(frozen=True, slots=True)
class List:
    ordered: bool
    items: tuple[Blocks, ...]  # of paragraphs and lists
    start: int = 1


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: Blocks  # paragraphs and lists


@dataclass(frozen=True, slots=True)
class PullQuote:
    blocks: Blocks  # paragraphs


@dataclass(frozen=True, slots=True)
class Figure:
    """An image of the library. An empty caption leaves it to the image's own."""

    image_id: int
    caption: Text = ()


@dataclass(frozen=True, slots=True)
class Embedded:
    embed: Embed


@dataclass(frozen=True, slots=True)
class Rule:
    pass


@dataclass(frozen=True, slots=True)
class Cell:
    blocks: Blocks  # paragraphs and lists; may be empty
    is_header: bool = False
    colspan: int = 1
    rowspan: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    rows: tuple[tuple[Cell, ...], ...]

    def head_and_body(self) -> tuple[tuple[tuple[Cell, ...], ...], tuple[tuple[Cell, ...], ...]]:
        """The leading rows that are headings throughout, and the rest."""
        length = next((n for n, row in enumerate(self.rows) if not all(cell.is_header for cell in row)), len(self.rows))
        return self.rows[:length], self.rows[length:]


Block = TextBlock | List | Quote | PullQuote | Figure | Embedded | Rule | Table
Blocks = tuple[Block, ...]
Document = Blocks


def plain(text: Text) -> str:
    return "".join(run.text for run in text)


def running_text(blocks: Blocks) -> Iterator[TextBlock]:
    """Paragraphs and headings in the order of reading, without what only repeats them (pull quotes) or shows them."""
    for block in blocks:
        match block:
            case TextBlock():
                yield block
            case Quote(blocks=inner):
                yield from running_text(inner)
            case List(items=items):
                for item in items:
                    yield from running_text(item)
            case Table(rows=rows):
                for row in rows:
                    for cell in row:
                        yield from running_text(cell.blocks)
