"""What templates need of `articles` beyond its models."""

import datetime
from operator import attrgetter
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone
from django.utils.safestring import SafeString

from articles.caching.pieces import Given, content, kept
from articles.caching.pieces import piece as piece_of
from articles.caching.planned import Planned
from articles.caching.prepared import Prepared
from articles.models import Banner, Image
from articles.pictures.markup import picture_html
from articles.pictures.renditions import CROPS_SHOWN_BY
from articles.reads.most_read import DAY, top_rows
from articles.sharing import ShareLinks, share_links
from articles.syndication.xml import legal

register = template.Library()

_banner = Planned(Prepared(lambda now: Banner.objects.running(now)[:1], now=datetime.datetime))


_looks = attrgetter(*CROPS_SHOWN_BY)


@register.simple_tag
def picture(
    image: Image | None,
    *,
    sizes: str,
    crop: str | None = None,
    eager: bool = False,
    css_class: str = "",
    alt: str | None = None,
) -> SafeString:
    """A `<picture>` of the image's renditions; nothing for no image. `alt=""` where the text beside it says it all."""
    if image is None:
        return SafeString("")
    alt = image.alt if alt is None else alt
    # By content: a text that is HTML already is not the same as one that is not.
    return kept(
        ("picture", content((*_looks(image), sizes, crop, eager, css_class, alt))),
        lambda: picture_html(image, sizes=sizes, crop=crop, eager=eager, css_class=css_class, alt=alt),
    )


@register.simple_tag
def piece(template_name: str, *given: Given, **values: Any) -> SafeString:
    """Include a template that is given all it shows, made once for as long as that is the same (articles.caching.pieces)."""
    return piece_of(template_name, *given, **values)


@register.simple_tag
def share_links_of(url: str, title: str) -> ShareLinks:
    return share_links(url=url, title=title)


@register.filter
def legal_xml(text: str) -> str:
    return legal(text)


@register.inclusion_tag("components/banner.html", takes_context=True)
def breaking_banner(context: Context) -> dict[str, Banner | None]:
    """The line of breaking news that runs now, if one does; on a page of another moment (`shown_at`) the one of then."""
    found = _banner(now=context.get("shown_at") or timezone.now())
    return {"banner": found[0] if found else None}


@register.simple_tag
def most_read(heading: str, *, size: int = 5) -> SafeString:
    """The stories that were read most in the last 24 hours; nothing at all where nothing was read."""
    stories = top_rows(DAY, size) if settings.COUNT_READS else []
    return piece_of("components/top_list.html", heading=heading, id="most-read", stories=stories, leads_on=True)
