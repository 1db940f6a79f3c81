"""From a document to HTML. What is written here is closed and escaped; nothing else is ever kept or shown."""

from __future__ import annotations

from html import escape

from articles.body.document import (
    BREAK,
    MARKS,
    Block,
    Blocks,
    Cell,
    Embedded,
    Figure,
    List,
    PullQuote,
    Quote,
    Rule,
    Style,
    Table,
    Text,
    TextBlock,
)


class Markup:
    """HTML as it is kept, which is also what the editor reads. `render.py` derives from it what readers get."""

    def blocks(self, blocks: Blocks) -> str:
        return "".join(map(self.block, blocks))

    def block(self, block: Block) -> str:
        match block:
            case TextBlock():
                return self.text_block(block)
            case List():
                return self.list(block)
            case Quote():
                return f"<blockquote>{self.blocks(block.blocks)}</blockquote>"
            case PullQuote():
                return f'<aside class="pullquote">{self.blocks(block.blocks)}</aside>'
            case Figure():
                return self.figure(block)
            case Embedded():
                return self.embedded(block)
            case Rule():
                return "<hr>"
            case Table():
                return self.table(block)

    def text_block(self, block: TextBlock) -> str:
        return f"<{block.tag}>{self.text(block.text)}</{block.tag}>"

    def list(self, block: List) -> str:
        tag = "ol" if block.ordered else "ul"
        start = f' start="{block.start}"' if block.start != 1 else ""
        items = "".join(f"<li>{self.contents(item)}</li>" for item in block.items)
        return f"<{tag}{start}>{items}</{tag}>"

    def contents(self, blocks: Blocks) -> str:
        """What stands in an item or a cell."""
        return self.blocks(blocks)

    def table(self, block: Table) -> str:
        head, body = block.head_and_body()
        parts = (("thead", "col", head), ("tbody", "row", body))
        return "<table>{}</table>".format(
            "".join(f"<{tag}>{''.join(self.row(row, scope) for row in rows)}</{tag}>" for tag, scope, rows in parts if rows)
        )

    def row(self, cells: tuple[Cell, ...], scope: str) -> str:
        return f"<tr>{''.join(self.cell(cell, scope) for cell in cells)}</tr>"

    def cell(self, cell: Cell, scope: str) -> str:
        tag = "th" if cell.is_header else "td"
        spans = "".join(
            f' {name}="{span}"' for name, span in (("colspan", cell.colspan), ("rowspan", cell.rowspan)) if span != 1
        )
        return f"<{tag}{self.cell_attributes(cell, scope)}{spans}>{self.contents(cell.blocks)}</{tag}>"

    def cell_attributes(self, cell: Cell, scope: str) -> str:
        return ""

    def figure(self, figure: Figure) -> str:
        return f'<figure data-image="{figure.image_id}"><figcaption>{self.text(figure.caption)}</figcaption></figure>'

    def embedded(self, block: Embedded) -> str:
        return f'<figure data-embed="{escape(block.embed.url)}"></figure>'

    def text(self, text: Text) -> str:
        """Runs of text with their marks; marks that neighbours share stand around both."""
        html: list[str] = []
        open_tags: list[tuple[str, str]] = []
        for run in text:
            wanted = self._tags(run.style)
            shared = 0
            while shared < min(len(open_tags), len(wanted)) and open_tags[shared] == wanted[shared]:
                shared += 1
            html += [f"</{tag}>" for tag, _ in reversed(open_tags[shared:])]
            html += [f"<{tag}{attributes}>" for tag, attributes in wanted[shared:]]
            html.append(escape(run.text, quote=False).replace(BREAK, "<br>"))
            open_tags = wanted
        html += [f"</{tag}>" for tag, _ in reversed(open_tags)]
        return "".join(html)

    def _tags(self, style: Style) -> list[tuple[str, str]]:
        link = [("a", self.link_attributes(style.href))] if style.href else []
        return link + [(mark, "") for mark in MARKS if mark in style.marks]

    def link_attributes(self, href: str) -> str:
        return f' href="{escape(href)}"'
