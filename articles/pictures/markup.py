"""A picture on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from articles.pictures.renditions import FORMATS, JPEG, Format, Size
from articles.pictures.renditions import sizes as sizes_of

if TYPE_CHECKING:
    from articles.models import Image


def picture_html(
    image: Image,
    *,
    sizes: str,
    crop: str | None = None,
    eager: bool = False,
    css_class: str = "",
    alt: str | None = None,
) -> SafeString:
    """A `<picture>` in all formats and sizes, made without a query and without asking the storage.

    `sizes` says how wide the page shows it, as in HTML. `crop` is one of renditions.CROPS. `eager` is for the one
    picture that readers see first; all others wait until they are scrolled near. `css_class` goes to the `<img>`.
    `alt` stands in for the image's own: "" says that the picture adds nothing to the words beside it.
    """
    available = sizes_of(image, crop)
    largest = available[-1]
    sources = format_html_join(
        "",
        '<source type="{}" srcset="{}" sizes="{}">',
        ((format.media_type, _srcset(available, format), sizes) for format in FORMATS if format is not JPEG),
    )
    return format_html(
        '<picture>{}<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}"{}{}></picture>',
        sources,
        largest.url(JPEG),
        _srcset(available, JPEG),
        sizes,
        largest.width,
        largest.height,
        image.alt if alt is None else alt,
        format_html(' class="{}"', css_class) if css_class else "",
        SafeString(' fetchpriority="high"' if eager else ' loading="lazy" decoding="async"'),
    )


def _srcset(available: list[Size], format: Format) -> str:
    return ", ".join(f"{size.url(format)} {size.width}w" for size in available)
