"""Body HTML as readers get it, made from the stored form when a story is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.html import format_html
from django.utils.safestring import SafeString

from articles.body import embeds
from articles.body.markup import Attributes, Rewriter, start_tag
from articles.pictures.markup import picture_html

if TYPE_CHECKING:
    from articles.models import Image

SIZES = "(min-width: 48rem) 44rem, 100vw"


def render(html: str, images: Mapping[int, Image]) -> SafeString:
    """`html`: the stored form. `images`: number → picture; a figure whose picture is gone is left out."""
    return SafeString(_Rendered(images).rewrite(html))


class _Rendered(Rewriter):
    def __init__(self, images: Mapping[int, Image]) -> None:
        super().__init__()
        self.images = images
        self.figure: Attributes | None = None
        self.caption: list[str] = []

    def handle_data(self, data: str) -> None:
        if self.figure is None:
            super().handle_data(data)
        else:
            self.caption.append(data)

    def start_figure(self, attributes: Attributes) -> str:
        self.figure, self.caption = attributes, []
        return ""

    def end_figure(self) -> str:
        attributes, self.figure = self.figure or {}, None
        if embed := embeds.find(attributes.get("data-embed", "")):
            return _card(embed)
        image = self.images.get(int(attributes.get("data-image", 0)))
        return figure_html(image, caption="".join(self.caption)) if image else ""

    def start_figcaption(self, attributes: Attributes) -> str:
        return ""

    def end_figcaption(self) -> str:
        return ""

    def start_table(self, attributes: Attributes) -> str:
        # Wide tables scroll in a region of their own, which can be reached and moved by the keyboard.
        return '<div class="table" role="region" aria-label="Table" tabindex="0"><table>'

    def end_table(self) -> str:
        return "</table></div>"

    def start_a(self, attributes: Attributes) -> str:
        outward = attributes.get("href", "").startswith(("http:", "https:", "//"))
        return start_tag("a", attributes | ({"rel": "noopener"} if outward else {}))


def figure_html(image: Image, *, caption: str = "", sizes: str = SIZES, eager: bool = False) -> SafeString:
    """A picture with its caption and credit; `caption` stands in for the picture's own."""
    caption = caption or image.caption
    told = format_html('<span class="caption">{}</span> ', caption) if caption else ""
    credited = format_html('<span class="credit">{}</span>', image.credit) if image.credit else ""
    legend = format_html("<figcaption>{}{}</figcaption>", told, credited) if told or credited else ""
    return format_html('<figure class="figure">{}{}</figure>', picture_html(image, sizes=sizes, eager=eager), legend)


def _card(embed: embeds.Embed) -> SafeString:
    """A plain link; static/js/embed.js adds the button that loads the frame."""
    return format_html(
        '<figure class="embed" data-embed-frame="{}" data-embed-provider="{}" data-embed-shape="{}">'
        '<a class="embed-link" href="{}" rel="noopener"><b>{}</b> <span>{}</span></a></figure>',
        embed.frame_url,
        embed.provider,
        embed.shape,
        embed.url,
        f"Watch on {embed.provider}" if embed.shape == "film" else f"Read on {embed.provider}",
        embed.url.removeprefix("https://"),
    )
