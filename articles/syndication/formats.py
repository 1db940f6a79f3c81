"""One feed written in three ways: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1.

https://www.rssboard.org/rss-specification · https://www.rssboard.org/media-rss · https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.templatetags.static import static

from articles.syndication.xml import Document, Part

#: When a feed without stories was last changed. A time that stays: an unchanged feed has the same bytes each time.
NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

NAMESPACES = {
    "xmlns:atom": "http://www.w3.org/2005/Atom",
    "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    "xmlns:media": "http://search.yahoo.com/mrss/",
}


@dataclass(frozen=True)
class Person:
    name: str
    url: str


@dataclass(frozen=True)
class Picture:
    """Addresses are absolute, sizes in pixels; all JPEG."""

    url: str
    width: int
    height: int
    thumbnail: str
    thumbnail_side: int
    alt: str
    credit: str


@dataclass(frozen=True)
class Entry:
    id: str
    url: str
    title: str
    summary: str
    html: str
    published: datetime.datetime
    #: A real update, told to readers; None: as it was published.
    updated: datetime.datetime | None
    authors: list[Person]
    #: Who else is named: photographs, translation …
    others: list[Person]
    categories: list[str]
    picture: Picture | None


@dataclass(frozen=True)
class Feed:
    """Addresses are absolute. `url` is the feed's own, in the format that is being written, and so are its `items`."""

    title: str
    description: str
    page_url: str
    url: str
    #: When the last of its stories came, or was really updated.
    updated: datetime.datetime = NEVER
    items: list[str] = field(default_factory=list)
    #: The primary keys of the stories that they are of.
    stories: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Format:
    """`folder`: what stands after …/feed/ in its address. `served_as`: the media type of the answer.

    `item` writes an entry, of which most are in several feeds and in the next writing of each; `write` a feed around its items.
    """

    label: str
    folder: str
    media_type: str
    served_as: str
    item: Callable[[Entry], str]
    write: Callable[[Feed], str]


def tag_uri(created_at: datetime.datetime, name: str) -> str:
    """An id that stays the same for ever, wherever the thing stands (RFC 4151). `name`: such as "story-12"."""
    host = urlsplit(settings.SITE_URL).hostname
    return f"tag:{host},{created_at.astimezone(datetime.UTC):%Y-%m-%d}:{name}"


def _rss(feed: Feed) -> str:
    # Browsers are giving XSLT up; CSS alone is what shows a feed to people.
    xml = Document(stylesheet=static("css/feed.css"))
    with xml.within("rss", {"version": "2.0", **NAMESPACES}), xml.within("channel"):
        xml.add("title", feed.title)
        xml.add("link", feed.page_url)
        xml.add("description", feed.description or feed.title)
        xml.add("language", settings.LANGUAGE_CODE)
        xml.add("atom:link", rel="self", href=feed.url, type=RSS.media_type)
        if settings.WEBSUB_HUB:
            xml.add("atom:link", rel="hub", href=settings.WEBSUB_HUB)
        if feed.items:
            xml.add("lastBuildDate", format_datetime(feed.updated))
        xml.insert(feed.items)
    return str(xml)


def _rss_entry(xml: Part, entry: Entry) -> None:
    xml.add("title", entry.title)
    xml.add("link", entry.url)
    for author in entry.authors:
        xml.add("dc:creator", author.name)
    for other in entry.others:
        xml.add("dc:contributor", other.name)
    xml.add("pubDate", format_datetime(entry.published))
    if entry.updated:
        xml.add("atom:updated", entry.updated.isoformat())
    if entry.summary:
        # HTML, as readers of feeds take it (https://www.rssboard.org/rss-profile#element-channel-item-description).
        xml.add("description", escape(entry.summary, quote=False))
    xml.add("content:encoded", entry.html)
    for category in entry.categories:
        xml.add("category", category)
    xml.add("guid", entry.id, isPermaLink="false")
    _media(xml, entry.picture)


def _atom(feed: Feed) -> str:
    xml = Document()
    namespaces = {"xmlns": NAMESPACES["xmlns:atom"], "xmlns:media": NAMESPACES["xmlns:media"]}
    with xml.within("feed", {**namespaces, "xml:lang": settings.LANGUAGE_CODE}):
        xml.add("title", feed.title)
        if feed.description:
            xml.add("subtitle", feed.description)
        xml.add("id", feed.url)
        xml.add("updated", feed.updated.isoformat())
        xml.add("link", rel="alternate", type="text/html", href=feed.page_url)
        xml.add("link", rel="self", type=ATOM.media_type, href=feed.url)
        if settings.WEBSUB_HUB:
            xml.add("link", rel="hub", href=settings.WEBSUB_HUB)
        # Stands in for the authors of stories without a byline.
        _atom_person(xml, "author", Person(settings.SITE_NAME, f"{settings.SITE_URL}/"))
        xml.insert(feed.items)
    return str(xml)


def _atom_entry(xml: Part, entry: Entry) -> None:
    xml.add("title", entry.title)
    xml.add("link", rel="alternate", type="text/html", href=entry.url)
    xml.add("id", entry.id)
    xml.add("published", entry.published.isoformat())
    xml.add("updated", (entry.updated or entry.published).isoformat())
    for author in entry.authors:
        _atom_person(xml, "author", author)
    for other in entry.others:
        _atom_person(xml, "contributor", other)
    for category in entry.categories:
        xml.add("category", term=category)
    if entry.summary:
        xml.add("summary", entry.summary)
    xml.add("content", entry.html, type="html")
    if entry.picture:
        xml.add("link", rel="enclosure", type="image/jpeg", href=entry.picture.url)
    _media(xml, entry.picture)


def _atom_person(xml: Part, element: str, person: Person) -> None:
    with xml.within(element):
        xml.add("name", person.name)
        xml.add("uri", person.url)


def _item(element: str, write: Callable[[Part, Entry], None]) -> Callable[[Entry], str]:
    def item(entry: Entry) -> str:
        xml = Part()
        with xml.within(element):
            write(xml, entry)
        return str(xml)

    return item


def _media(xml: Part, picture: Picture | None) -> None:
    """The lead picture in Media RSS. No RSS enclosure: that must say its length in bytes, which only the storage knows."""
    if picture is None:
        return
    size = {"width": str(picture.width), "height": str(picture.height)}
    with xml.within("media:content", {"url": picture.url, "type": "image/jpeg", "medium": "image", **size}):
        xml.add("media:description", picture.alt, type="plain")
        if picture.credit:
            xml.add("media:credit", picture.credit)
        side = str(picture.thumbnail_side)
        xml.add("media:thumbnail", url=picture.thumbnail, width=side, height=side)


def _json(feed: Feed) -> str:
    written: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page_url,
        "feed_url": feed.url,
        "description": feed.description,
        "language": settings.LANGUAGE_CODE,
        "authors": [{"name": settings.SITE_NAME, "url": f"{settings.SITE_URL}/"}],
    }
    if settings.WEBSUB_HUB:
        written["hubs"] = [{"type": "WebSub", "url": settings.WEBSUB_HUB}]
    head = json.dumps(written, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{head},\n "items": [{",".join(feed.items)}\n ]\n}}'


def _json_item(entry: Entry) -> str:
    item: dict[str, Any] = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "date_published": entry.published.isoformat(),
        "tags": entry.categories,
    }
    if entry.summary:
        item["summary"] = entry.summary
    if entry.updated:
        item["date_modified"] = entry.updated.isoformat()
    if people := [*entry.authors, *entry.others]:
        item["authors"] = [{"name": person.name, "url": person.url} for person in people]
    if entry.picture:
        item["image"] = entry.picture.url
    return "\n  " + json.dumps(item, ensure_ascii=False)


# RSS is the one that people are led to. Browsers show it with its stylesheet as application/xml alone; application/rss+xml,
# which was never registered, they show as source.
RSS = Format("RSS", "", "application/rss+xml", "application/xml", _item("item", _rss_entry), _rss)
ATOM = Format("Atom", "atom/", "application/atom+xml", "application/atom+xml", _item("entry", _atom_entry), _atom)
JSON = Format("JSON", "json/", "application/feed+json", "application/feed+json", _json_item, _json)
FORMATS = (RSS, ATOM, JSON)
