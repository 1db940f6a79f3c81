"""What readers get of a body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.text import slugify

from articles.body.document import Blocks, Cell, Embedded, Figure, List, Table, TextBlock, plain
from articles.body.embeds import Embed
from articles.body.links import host_of
from articles.body.markup import Markup
from articles.body.read import read
from articles.pictures.markup import picture_html

if TYPE_CHECKING:
    from articles.models import Image

#: The width of a picture in the column of text, as for the `sizes` of an image.
PICTURE_SIZES = "(min-width: 45rem) 42rem, 100vw"

VERBS = {"video": "Watch", "upright": "Watch", "post": "Read"}


def render(html: str, images: Mapping[int, Image]) -> str:
    """The body as HTML for a page. It is safe whatever comes in; figures whose image is not in `images` are left out.

    Asks neither the database nor the storage, and holds nothing of the person who reads: it can be kept.
    """
    return _Page(images).blocks(read(html))


class _Page(Markup):
    def __init__(self, images: Mapping[int, Image]) -> None:
        self.images = images
        self.headings: Counter[str] = Counter()
        self.tables = 0

    def text_block(self, block: TextBlock) -> str:
        if block.tag == "p":
            return super().text_block(block)
        return f'<{block.tag} id="{self._heading_id(block)}">{self.text(block.text)}</{block.tag}>'

    def _heading_id(self, block: TextBlock) -> str:
        # With a prefix: the page has names of its own, such as "comments".
        name = f"h-{slugify(plain(block.text), allow_unicode=True)[:60].strip('-_')}".rstrip("-")
        self.headings[name] += 1
        return name if self.headings[name] == 1 else f"{name}--{self.headings[name]}"

    def contents(self, blocks: Blocks) -> str:
        match blocks:
            case (TextBlock(text=text), *rest) if all(isinstance(block, List) for block in rest):
                return self.text(text) + self.blocks(tuple(rest))
        return self.blocks(blocks)

    def table(self, block: Table) -> str:
        # It scrolls within the page, which takes a focus, and so a name, where there is no mouse.
        self.tables += 1
        label = "Table" if self.tables == 1 else f"Table {self.tables}"
        return f'<div class="table-scroll" role="region" aria-label="{label}" tabindex="0">{super().table(block)}</div>'

    def cell_attributes(self, cell: Cell, scope: str) -> str:
        return f' scope="{scope}"' if cell.is_header else ""

    def link_attributes(self, href: str) -> str:
        foreign = host_of(href) and host_of(href) != host_of(settings.SITE_URL)
        return super().link_attributes(href) + (' rel="noopener"' if foreign else "")

    def figure(self, figure: Figure) -> str:
        image = self.images.get(figure.image_id)
        if image is None:
            return ""
        caption = self.text(figure.caption) or escape(image.caption, quote=False)
        credit = f'<span class="figure-credit">{escape(image.credit, quote=False)}</span>' if image.credit else ""
        words = " ".join(filter(None, [caption, credit]))
        return '<figure class="figure{}">{}{}</figure>'.format(
            " figure--upright" if image.height > image.width else "",
            picture_html(image, sizes=PICTURE_SIZES),
            f"<figcaption>{words}</figcaption>" if words else "",
        )

    def embedded(self, block: Embedded) -> str:
        """A card with a plain link. static/js/embed.js offers to load the frame in its place."""
        embed = block.embed
        return (
            f'<figure class="embed embed--{embed.shape}" data-embed="{escape(embed.frame_url)}"'
            f' data-embed-title="{_title(embed)}"{"" if embed.is_video else " data-embed-sandbox"}>'
            f'<a class="embed-link" href="{escape(embed.url)}" rel="noopener">'
            f'<span class="embed-title">{VERBS[embed.shape]} this on {embed.provider}</span>'
            f'<span class="embed-address">{escape(_short(embed.url))}</span></a>'
            f'<p class="embed-offer" hidden><button class="embed-show" type="button" data-embed-show>Show it here</button>'
            f'<span class="embed-notice">It comes from {embed.provider}, which then learns that you are here.</span></p>'
            f"</figure>"
        )


def _title(embed: Embed) -> str:
    return f"{'Video' if embed.is_video else 'Post'} on {embed.provider}"


def _short(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc.removeprefix('www.')}{parts.path}".rstrip("/") + (f"?{parts.query}" if parts.query else "")
