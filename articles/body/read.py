"""From any HTML to a document: nothing that an editor can see is lost, nothing that the document has no word for is kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby

import nh3

from articles.body.document import (
    BREAK,
    Block,
    Blocks,
    Cell,
    Document,
    Embedded,
    Figure,
    List,
    PullQuote,
    Quote,
    Rule,
    Run,
    Style,
    Table,
    Text,
    TextBlock,
    plain,
)
from articles.body.embeds import identify
from articles.body.links import host_of, safe_href

MARK_OF_TAG = {
    "strong": "strong", "b": "strong", "em": "em", "i": "em", "cite": "em", "dfn": "em", "var": "em",
    "s": "s", "strike": "s", "del": "s", "sub": "sub", "sup": "sup",
}  # fmt: skip
HEADING_OF_TAG = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h3", "h5": "h3", "h6": "h3"}
TABLE_PARTS = frozenset({"thead", "tbody", "tfoot"})
#: They say no more than where a text ends.
DIVISIONS = frozenset(
    """address article aside blockquote caption center dd details dialog dir div dl dt fieldset figcaption figure footer form
    header hgroup legend li main menu nav ol optgroup option p pre search section summary table td th tr ul""".split()
)
#: Not text, whatever they contain.
UNREADABLE = frozenset(
    """applet audio canvas datalist embed frameset iframe math noembed noframes noscript object script select style svg
    template textarea title video""".split()
)
PLAIN = Style()

VOID = frozenset({"br", "hr"})

ALLOWED = frozenset({"a", *VOID, *MARK_OF_TAG, *HEADING_OF_TAG, *TABLE_PARTS, *DIVISIONS}) - UNREADABLE
ATTRIBUTES = {
    "a": {"href"},
    "aside": {"class"},
    "figure": {"data-image", "data-embed"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
SANITISER = nh3.Cleaner(
    tags=set(ALLOWED), clean_content_tags=set(UNREADABLE), attributes=ATTRIBUTES, link_rel=None, url_schemes=None
)

#: Deeper nesting than any text has; what stands deeper is taken as if it stood here.
MAX_DEPTH = 60

WHITE_SPACE = re.compile(r"[ \t\n\f\r\x0b]+")
UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
#: Takes no room of its own: a paragraph of nothing else is empty.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060"
NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


def read(html: str) -> Document:
    """The document that this HTML means, as a browser would understand it."""
    clean = SANITISER.clean(html.encode("utf-8", "replace").decode("utf-8"))
    tree = _TreeBuilder()
    tree.feed(clean)
    tree.close()
    return _blocks(tree.root.children)


@dataclass(slots=True)
class _Element:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[_Element | str] = field(default_factory=list)


_Nodes = Iterable[_Element | str]


class _TreeBuilder(HTMLParser):
    """Reads what the sanitiser wrote, in which every element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Element("div")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = _Element(tag, {name: value or "" for name, value in attrs})
        if len(self._open) <= MAX_DEPTH:
            self._open[-1].children.append(element)
        else:
            element.children = self._open[-1].children
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if len(self._open) > 1 and tag not in VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


# --- Blocks -----------------------------------------------------------------------------------------------------------


def _blocks(nodes: _Nodes, style: Style = PLAIN) -> Blocks:
    """Text that stands in no block of its own becomes paragraphs, between the blocks that it stands between."""
    blocks: list[Block] = []
    runs: list[Run] = []

    def end_text() -> None:
        if text := _tidy(runs):
            blocks.append(TextBlock("p", text))
        runs.clear()

    def visit(nodes: _Nodes, style: Style) -> None:
        for node in nodes:
            if isinstance(node, str):
                runs.append(Run(WHITE_SPACE.sub(" ", UNPRINTABLE.sub("", node)), style))
            elif node.tag == "br":
                runs.append(Run(BREAK))
            elif node.tag in MARK_OF_TAG:
                visit(node.children, style.with_mark(MARK_OF_TAG[node.tag]))
            elif node.tag == "a":
                visit(node.children, style.with_href(safe_href(node.attributes.get("href", ""))))
            else:
                end_text()
                blocks.extend(_block(node, style))

    visit(nodes, style)
    end_text()
    return tuple(blocks)


def _block(element: _Element, style: Style) -> Blocks:
    """What one element means; more than one block where the document keeps apart what HTML nests."""
    match element.tag:
        case "hr":
            return (Rule(),)
        case "ul" | "ol":
            return _list(element, style)
        case "table":
            return _table(element, style)
        case "figure":
            return _figure(element, style)
    inner = _blocks(element.children, style)
    if heading := HEADING_OF_TAG.get(element.tag):
        return tuple(TextBlock(heading, block.text) if isinstance(block, TextBlock) else block for block in inner)
    if element.tag == "blockquote":
        return _within(Quote, _without_headings(inner), TextBlock, List)
    if element.tag == "aside" and "pullquote" in element.attributes.get("class", "").split():
        return _within(PullQuote, _without_headings(inner), TextBlock)
    return inner


def _within(container: Callable[[Blocks], Block], blocks: Blocks, *fitting: type) -> Blocks:
    """The blocks in a container; those that it cannot hold stand between two of its kind."""
    found: list[Block] = []
    for fits, group in groupby(blocks, lambda block: isinstance(block, fitting)):
        found += [container(tuple(group))] if fits else group
    return tuple(found)


def _without_headings(blocks: Blocks) -> Blocks:
    return tuple(TextBlock("p", block.text) if isinstance(block, TextBlock) else block for block in blocks)


def _list(element: _Element, style: Style) -> Blocks:
    """A list, or several with between them what a list cannot hold."""
    blocks: list[Block] = []
    items: list[Blocks] = []
    start = _number(element.attributes.get("start"), most=9999) if element.tag == "ol" else 1

    def end_list() -> None:
        if items:
            blocks.append(List(element.tag == "ol", tuple(items), start))
        items.clear()

    for node in element.children:
        is_item = isinstance(node, _Element) and node.tag == "li"
        inner = _without_headings(_blocks(node.children if is_item else [node], style))  # type: ignore[union-attr]
        for fits, group in groupby(inner, lambda block: isinstance(block, TextBlock | List)):
            if not fits:
                end_list()
                blocks += group
            elif is_item or not items:
                items.append(tuple(group))
            else:
                # A list that stands between the items of another belongs to the item before it.
                items[-1] += tuple(group)
    end_list()
    return tuple(blocks)


def _table(element: _Element, style: Style) -> Blocks:
    """A table; before it what stands in none of its cells, after it what a cell cannot hold."""
    rows: list[tuple[Cell, ...]] = []
    before: list[Block] = []
    after: list[Block] = []

    def visit(nodes: _Nodes) -> None:
        for node in nodes:
            if isinstance(node, _Element) and node.tag in TABLE_PARTS:
                visit(node.children)
            elif isinstance(node, _Element) and node.tag == "tr":
                cells = [cell for cell in node.children if isinstance(cell, _Element) and cell.tag in {"td", "th"}]
                if cells:
                    rows.append(tuple(map(read_cell, cells)))
            else:
                before.extend(_blocks([node], style))

    def read_cell(cell: _Element) -> Cell:
        inner = _without_headings(_blocks(cell.children, style))
        after.extend(block for block in inner if not isinstance(block, TextBlock | List))
        colspan, rowspan = (_number(cell.attributes.get(name), most=100) for name in ("colspan", "rowspan"))
        held = tuple(block for block in inner if isinstance(block, TextBlock | List))
        return Cell(held, cell.tag == "th", colspan, rowspan)

    visit(element.children)
    return (*before, *([Table(tuple(rows))] if rows else []), *after)


def _figure(element: _Element, style: Style) -> Blocks:
    """A picture of the library, or something embedded; the text of any other figure."""
    if NUMBER.fullmatch(element.attributes.get("data-image", "")):
        captions = [node for node in element.children if isinstance(node, _Element) and node.tag == "figcaption"]
        figure = Figure(int(element.attributes["data-image"]), _one_text(_blocks(captions)))
        return figure, *_blocks([node for node in element.children if node not in captions], style)
    address = element.attributes.get("data-embed", "")
    return *_embed(address), *_blocks(element.children, style)


def _embed(address: str) -> Blocks:
    if embed := identify(address):
        return (Embedded(embed),)
    href = safe_href(address)
    return (TextBlock("p", (Run(href, Style(href=href)),)),) if host_of(href) else ()


def _one_text(blocks: Blocks) -> Text:
    """The text of all blocks, each on a line of its own."""
    runs: list[Run] = []
    for block in blocks:
        if isinstance(block, TextBlock):
            runs += [Run(BREAK), *block.text]
    return _tidy(runs)


def _number(text: str | None, *, most: int) -> int:
    return min(int(text), most) if text and NUMBER.fullmatch(text) else 1


# --- Text -------------------------------------------------------------------------------------------------------------


def _tidy(runs: Iterable[Run]) -> Text:
    """Runs as a browser shows them, and in NFC; nothing at all when nothing would be seen."""
    shown = _with_breaks_in_style(_collapsed(runs))
    text = tuple(
        Run(unicodedata.normalize("NFC", "".join(run.text for run in group)), style)
        for style, group in groupby(shown, lambda run: run.style)
    )
    return text if plain(text).strip().strip(INVISIBLE).strip() else ()


def _collapsed(runs: Iterable[Run]) -> list[Run]:
    """White space once, and none at the ends of lines; line breaks between words alone, each in a run of its own."""
    shown: list[Run] = []
    end = BREAK
    for run in runs:
        text = run.text.lstrip(" ") if end in (" ", BREAK) else run.text
        if text == BREAK:
            _strip_end(shown, " ")
        if text and (text != BREAK or shown):
            shown.append(Run(text, run.style))
            end = text[-1]
    _strip_end(shown, f" {BREAK}")
    return shown


def _strip_end(runs: list[Run], characters: str) -> None:
    while runs:
        last = runs.pop()
        if text := last.text.rstrip(characters):
            runs.append(Run(text, last.style))
            return


def _with_breaks_in_style(runs: list[Run]) -> list[Run]:
    """A line break within one style does not end it: a link that goes on in the next line stays one link."""
    before = [Style()]
    for run in runs:
        before.append(before[-1] if run.text == BREAK else run.style)
    after = [Style()]
    for run in reversed(runs):
        after.append(after[-1] if run.text == BREAK else run.style)
    after.reverse()
    return [
        Run(BREAK, before[n] if before[n] == after[n + 1] else Style()) if run.text == BREAK else run
        for n, run in enumerate(runs)
    ]
