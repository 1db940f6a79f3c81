"""What the head of a page tells machines: structured data, and the picture of its card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse
from django.utils.safestring import SafeString

from articles import structured_data
from articles.caching.pieces import content, kept
from articles.caching.prepared import instances
from articles.models import Article, Contributor
from articles.pictures import share_card
from articles.pictures.renditions import JPEG
from articles.pictures.renditions import sizes as sizes_of
from articles.share_cards import current_card_url, site_card

register = template.Library()


@dataclass(frozen=True)
class CardImage:
    """A picture for `og:image`: absolute address, pixels, MIME type, and what it shows."""

    url: str
    width: int
    height: int
    media_type: str
    alt: str


@register.simple_tag
def card_image(article: Article | None = None) -> CardImage:
    """The story's share card if it shows what the story is now; else its lead picture; else the card of the site."""
    if article and (url := current_card_url(article)):
        alt = article.lead_image.alt if article.lead_image and article.lead_image.alt else article.headline
        return _card(url, alt)
    if article and article.lead_image:
        size = sizes_of(article.lead_image, "16:9")[-1]
        url = urljoin(settings.SITE_URL, size.url(JPEG))
        return CardImage(url, size.width, size.height, JPEG.media_type, article.lead_image.alt)
    return _card(reverse("site_card", args=[site_card().key]), settings.SITE_NAME)


def _card(url: str, alt: str) -> CardImage:
    url = urljoin(settings.SITE_URL, url)
    return CardImage(url, share_card.WIDTH, share_card.HEIGHT, share_card.MEDIA_TYPE, alt)


@register.simple_tag(takes_context=True)
def story_structured_data(context: Context, article: Article) -> SafeString:
    """Of a story's page; nothing for a page without a canonical address, which is a preview."""
    site, url = context["site"], context["canonical_url"]
    if not url:
        return SafeString("")
    node = structured_data.story(
        article, url=url, publisher=site.organisation, language=settings.LANGUAGE_CODE, tags=context["tags"],
        corrections=context["corrections"], card=card_image(article).url,
    )  # fmt: skip
    return structured_data.script(node, _breadcrumbs(context, article.section, article.headline))


@register.simple_tag(takes_context=True)
def front_structured_data(context: Context) -> SafeString:
    site = context["site"]
    return structured_data.script(
        structured_data.web_site(
            name=site.name, url=f"{site.url}/", publisher=site.organisation, language=settings.LANGUAGE_CODE
        )
    )


@register.simple_tag(takes_context=True)
def list_structured_data(context: Context, name: str, description: str = "") -> SafeString:
    """Of a list of stories: the addresses on this page of it, and the way to it."""
    items, site, url = context["page"].items, context["site"], context["canonical_url"]

    def make() -> SafeString:
        node = structured_data.collection(instances(items), name=name, url=url, description=description)
        return structured_data.script(node, _breadcrumbs(context, None, name))

    return kept(("collection", name, description, url, content(site), content(items)), make)


@register.simple_tag(takes_context=True)
def profile_structured_data(context: Context, contributor: Contributor) -> SafeString:
    node = structured_data.profile(contributor, url=context["canonical_url"], publisher=context["site"].organisation)
    return structured_data.script(node, _breadcrumbs(context, None, contributor.name))


def _breadcrumbs(context: Context, section: Any, title: str) -> structured_data.Node:
    site = context["site"]
    return structured_data.breadcrumbs(
        section, front=f"{site.url}/", site_name=site.name, url=context["canonical_url"], title=title
    )
