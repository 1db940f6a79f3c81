"""Bring body HTML into its stored form. All that comes in goes through here: forms, verbs, imports, the demo."""

from __future__ import annotations

import re
import unicodedata
from html import escape

import nh3

from articles.body import embeds, heavy
from articles.body.accents import without_heaps
from articles.body.heavy import made_apart, may_take_long
from articles.body.markup import Attributes, Rewriter, start_tag
from articles.body.text import in_one_line

BLOCKS = {"p", "h2", "h3", "ul", "ol", "li", "blockquote", "hr", "table", "thead", "tbody", "tr", "th", "td", "aside"}
INLINE = {"strong", "em", "s", "sub", "sup", "a", "br"}
#: What other programs write for what we call otherwise.
SYNONYMS = {"b": "strong", "i": "em", "del": "s", "strike": "s", "h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}

_cleaner = nh3.Cleaner(
    tags=BLOCKS | INLINE | {"figure", "figcaption"} | set(SYNONYMS),
    clean_content_tags={"script", "style", "title", "noscript", "iframe", "object", "template", "textarea", "select"},
    attributes={
        "a": {"href"},
        "ol": {"start"},
        "th": {"colspan", "rowspan"},
        "td": {"colspan", "rowspan"},
        "figure": {"data-image", "data-embed"},
    },
    attribute_filter=lambda tag, name, value: value if _is_fit(name, value) else None,
    allowed_classes={"aside": {"pullquote"}},
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
    strip_comments=True,
)

NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
SMALL_NUMBER = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
TAG = re.compile(r"(<[^>]*>)")
NAME = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
DEEPEST = 100
#: These end where the next of their kind begins, or hold nothing: of them there are as many as a text has paragraphs.
CLOSED_BY_THE_NEXT = {
    "p", "li", "dt", "dd", "option", "thead", "tbody", "tfoot", "tr", "td", "th", "area", "base", "br", "col", "embed", "hr", "img",
    "input", "link", "meta", "source", "track", "wbr",
}  # fmt: skip
#: One way for each character: with two, a long row of them would be tried in every mixture of both.
BLANK = re.compile(r"(?:\s|&nbsp;|\u200b)*")
#: A cell that is one paragraph, which no other can stand in.
LONE_PARAGRAPH = re.compile(r"<(t[dh])([^>]*)><p>([^<]*(?:<(?!/?p>)[^<]*)*)</p></\1>")
#: Of these nothing is left where nothing is in them.
EMPTIED = {f"<{name}>" for name in ("p", "h2", "h3", "li", "blockquote", 'aside class="pullquote"')}


def _is_fit(name: str, value: str) -> bool:
    match name:
        case "data-image":
            return bool(NUMBER.fullmatch(value))
        case "colspan" | "rowspan" | "start":
            return bool(SMALL_NUMBER.fullmatch(value))
    return True


def sanitise(html: str) -> str:
    """The stored form of any HTML; "" when there is nothing in it. Doing it twice changes nothing.

    Raises BodyRefused for what takes a parser more time than any text needs.
    """
    html = _in_order(html)
    return made_apart(html) if may_take_long(html) else stored_form(html)


def read_ahead(html: str) -> None:
    """Do before a transaction what `sanitise` would take long for within it (articles.body.heavy)."""
    html = _in_order(html)
    if may_take_long(html):
        heavy.read_ahead(html)


def _in_order(html: str) -> str:
    return without_heaps(unicodedata.normalize("NFC", without_heaps(html))).replace("\x00", "").replace("\r\n", "\n")


def stored_form(html: str) -> str:
    """Of text whose characters are in order already; however long it takes."""
    html = _Canonical().rewrite(_cleaner.clean(_shallow(html)))
    # What stood inside another block may have been taken apart: the parser puts the pieces right.
    return with_plain_cells(_without_empty(_cleaner.clean(html)).strip())


def with_plain_cells(html: str) -> str:
    """Without the paragraph in cells that hold nothing but one: the editor makes it of every cell, and it says nothing.

    Texts that were stored before cells were plain are compared through this as well.
    """
    return LONE_PARAGRAPH.sub(r"<\1\2>\3</\1>", html)


def _shallow(html: str) -> str:
    """Without the tags that stand deeper than any text does: a parser takes as long as the square of their number."""
    if html.count("<") <= DEEPEST:
        return html
    kept: list[str] = []
    around: list[bool] = []
    # Behind the last ">" nothing ends any more, and each "<" there would be followed to the end of the text.
    end = html.rfind(">") + 1
    for piece in TAG.split(html[:end]):
        if (tag := NAME.match(piece)) and tag[2].lower() not in CLOSED_BY_THE_NEXT:
            if not tag[1]:
                around.append(len(around) < DEEPEST)
                is_kept = around[-1]
            else:
                is_kept = around.pop() if around else True
            if not is_kept:
                continue
        kept.append(piece)
    return "".join(kept) + html[end:]


def _without_empty(html: str) -> str:
    """What the cleaner has made, without blocks in which nothing is, nor anything but such blocks: in one pass, however deep."""
    kept: list[str] = []
    #: Of each element that is open: where it begins in `kept`, and whether nothing has been in it so far.
    around: list[tuple[int, bool]] = []

    def fill() -> None:
        if around:
            around[-1] = around[-1][0], False

    for piece in TAG.split(html):
        if piece.startswith("</") and around:
            begins, is_empty = around.pop()
            if is_empty and kept[begins] in EMPTIED:
                del kept[begins:]
                continue
            fill()
        elif piece == "<hr>":
            fill()
        elif piece.startswith("<") and piece != "<br>":
            around.append((len(kept), True))
        elif piece != "<br>" and not BLANK.fullmatch(piece):
            fill()
        kept.append(piece)
    return "".join(kept)


class _Canonical(Rewriter):
    """Renames synonyms, reduces figures to what they stand for, and unwraps what is neither ours nor anybody's."""

    def __init__(self) -> None:
        super().__init__()
        self.figure: Attributes | None = None
        self.caption: list[str] = []
        self.asides: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.figure is None:
            super().handle_starttag(SYNONYMS.get(tag, tag), attrs)

    def handle_endtag(self, tag: str) -> None:
        if self.figure is None or tag == "figure":
            super().handle_endtag(SYNONYMS.get(tag, tag))

    def handle_data(self, data: str) -> None:
        if self.figure is None:
            super().handle_data(data)
        else:
            self.caption.append(data)

    def start_figure(self, attributes: Attributes) -> str:
        if "data-image" in attributes or "data-embed" in attributes:
            self.figure, self.caption = attributes, []
        return ""

    def end_figure(self) -> str:
        attributes, self.figure = self.figure, None
        if attributes is None:
            return ""
        caption = in_one_line("".join(self.caption))
        if number := attributes.get("data-image"):
            text = escape(caption, quote=False)
            return f"{start_tag('figure', {'data-image': number})}<figcaption>{text}</figcaption></figure>"
        url = attributes.get("data-embed", "")
        if embed := embeds.find(url):
            return f"{start_tag('figure', {'data-embed': embed.url})}</figure>"
        if url.lower().startswith(("http://", "https://")):
            return f"<p>{start_tag('a', {'href': url})}{escape(url, quote=False)}</a></p>"
        return ""

    # A caption without its figure is a paragraph; a figure within a figure has been read as its caption.
    def start_figcaption(self, attributes: Attributes) -> str:
        return "<p>"

    def end_figcaption(self) -> str:
        return "</p>"

    def start_aside(self, attributes: Attributes) -> str:
        self.asides.append(attributes.get("class") == "pullquote")
        return '<aside class="pullquote">' if self.asides[-1] else ""

    def end_aside(self) -> str:
        return "</aside>" if self.asides and self.asides.pop() else ""

    def start_a(self, attributes: Attributes) -> str:
        return start_tag("a", attributes) if attributes.get("href") else "<a>"
