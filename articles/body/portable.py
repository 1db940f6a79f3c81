"""Rendered body HTML for where our stylesheet and scripts are not: feed readers, mail, other people's pages."""

from __future__ import annotations

from urllib.parse import urljoin

from articles.body.markup import Attributes, Rewriter, start_tag

KEPT = {
    "a": ("href",), "img": ("src", "srcset", "sizes", "width", "height", "alt"), "ol": ("start",),
    "th": ("colspan", "rowspan"), "td": ("colspan", "rowspan"),
}  # fmt: skip
#: What is only there for the look of our own pages.
UNWRAPPED = {"picture", "source", "span", "div"}


def portable(html: str, url: str) -> str:
    """`html` (as articles.body.render writes it) with absolute addresses, and without anything but its text and pictures.

    Pictures come as JPEG, which everything can show; an embed is a link. `url`: the address of the page it stands on.
    """
    return _Portable(url).rewrite(html)


class _Portable(Rewriter):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.in_embed = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in UNWRAPPED:
            super().handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in UNWRAPPED:
            super().handle_endtag(tag)

    def start_other(self, tag: str, attributes: Attributes) -> str:
        return start_tag(tag, {name: attributes[name] for name in KEPT.get(tag, ()) if name in attributes})

    def start_figure(self, attributes: Attributes) -> str:
        self.in_embed = "data-embed-frame" in attributes
        return "<p>" if self.in_embed else "<figure>"

    def end_figure(self) -> str:
        in_embed, self.in_embed = self.in_embed, False
        return "</p>" if in_embed else "</figure>"

    # A pull quote says again, set apart, what the text says: a quotation is the nearest that needs no style.
    def start_aside(self, attributes: Attributes) -> str:
        return "<blockquote>"

    def end_aside(self) -> str:
        return "</blockquote>"

    def start_a(self, attributes: Attributes) -> str:
        return self.start_other("a", attributes | {"href": self._absolute(attributes.get("href", ""))})

    def start_img(self, attributes: Attributes) -> str:
        candidates = (
            candidate.strip().split(" ") for candidate in attributes.get("srcset", "").split(", ") if candidate
        )
        srcset = ", ".join(" ".join([self._absolute(address), *width]) for address, *width in candidates)
        return self.start_other(
            "img", attributes | {"src": self._absolute(attributes.get("src", "")), "srcset": srcset}
        )

    def _absolute(self, address: str) -> str:
        try:
            return urljoin(self.url, address)
        except ValueError:  # such as http://[
            return address
