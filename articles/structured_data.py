"""What search engines and other machines are told of a page, in the words of schema.org, as JSON-LD.

After https://developers.google.com/search/docs/appearance/structured-data/article (headline, image in three shapes, dates with
offset, authors with address) and the policies of https://schema.org/NewsMediaOrganization. Who publishes is the caller's to say:
`publisher` is a node of that type.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

from django.utils.safestring import SafeString

from articles import newsroom_time
from articles.models import Article, Byline, Contributor, Correction, Image, Section, Tag
from articles.pictures.renditions import CROPS
from articles.pictures.renditions import sizes as sizes_of

Node = dict[str, Any]

#: Readers that know no subtype know the first of each.
TYPES = {
    Article.Kind.NEWS: ["NewsArticle"],
    Article.Kind.ANALYSIS: ["NewsArticle", "AnalysisNewsArticle"],
    Article.Kind.OPINION: ["NewsArticle", "OpinionNewsArticle"],
    Article.Kind.FEATURE: ["NewsArticle"],
    Article.Kind.INTERVIEW: ["NewsArticle"],
    Article.Kind.REVIEW: ["NewsArticle", "ReviewNewsArticle"],
    Article.Kind.EXPLAINER: ["NewsArticle", "BackgroundNewsArticle"],
    # Not news, and never to be taken for it.
    Article.Kind.SPONSORED: ["Article", "AdvertiserContentArticle"],
}
#: How people took part, beside those who are its authors.
PARTS = {Byline.Role.EDITED: "editor", Byline.Role.TRANSLATED: "translator"}

#: The characters that could end a script element, or that JavaScript takes for the end of a line, as JSON escapes them.
ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def script(*nodes: Node) -> SafeString:
    """The script element that holds the nodes. Nothing in them can close it."""
    told = (
        {"@context": "https://schema.org", "@graph": nodes}
        if len(nodes) > 1
        else {"@context": "https://schema.org", **nodes[0]}
    )
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).translate(ESCAPES)
    return SafeString(f'<script type="application/ld+json">{text}</script>')


def story(
    article: Article,
    *,
    url: str,
    publisher: Node,
    language: str,
    tags: Iterable[Tag] = (),
    corrections: Iterable[Correction] = (),
    card: str = "",
) -> Node:
    """A story. `url` is its canonical address; `card` is that of its share card, for a story without a picture."""
    origin = url
    authors = [person(contributor, origin) for contributor in article.authors]
    node: Node = {
        "@type": _types(TYPES[Article.Kind(article.kind)]),
        "@id": f"{url}#article",
        "mainEntityOfPage": {"@type": "WebPage", "@id": url},
        "url": url,
        "headline": article.headline,
        "description": article.meta_description,
        "image": images(article.lead_image, origin) or ([card] if card else []),
        "datePublished": _moment(article.publish_at),
        "dateModified": _moment(article.told_update or article.publish_at),
        "author": authors or [{name: publisher[name] for name in ("@type", "name", "url")}],
        "publisher": publisher,
        "isAccessibleForFree": True,
        "inLanguage": language,
        "timeRequired": f"PT{article.reading_minutes}M",
        "commentCount": article.comment_count,
    }
    if article.section:
        node["articleSection"] = article.section.name
    if keywords := [tag.name for tag in tags]:
        node["keywords"] = keywords
    if article.dateline:
        node["dateline"] = article.dateline
    for role, part in PARTS.items():
        if people := [person(b.contributor, origin) for b in article.bylines.all() if b.role == role]:
            node[part] = people
    if notes := [correction(note, url) for note in corrections]:
        node["correction"] = notes
    return node


def correction(note: Correction, url: str) -> Node:
    return {"@type": "CorrectionComment", "text": note.text, "datePublished": _moment(note.made_at), "url": url}


def person(contributor: Contributor, origin: str) -> Node:
    node = {"@type": "Person", "name": contributor.name, "url": urljoin(origin, contributor.get_absolute_url())}
    return node | ({"jobTitle": contributor.job_title} if contributor.job_title else {})


def profile(contributor: Contributor, *, url: str, publisher: Node) -> Node:
    """The page of somebody who writes for us."""
    about = person(contributor, url) | {"@id": f"{url}#person", "worksFor": publisher}
    if contributor.biography:
        about["description"] = contributor.biography
    if contributor.photo:
        about["image"] = _image(contributor.photo, "1:1", url)
    if links := [link.url for link in contributor.links.all()]:
        about["sameAs"] = links
    return {"@type": "ProfilePage", "@id": url, "url": url, "mainEntity": about}


def web_site(*, name: str, url: str, publisher: Node, language: str) -> Node:
    """The site, told by its front page: where a search engine takes its name from."""
    return {
        "@type": "WebSite",
        "@id": f"{url}#website",
        "name": name,
        "url": url,
        "publisher": publisher,
        "inLanguage": language,
    }


def collection(articles: Iterable[Article], *, name: str, url: str, description: str = "") -> Node:
    """A list of stories, by their addresses."""
    items = [
        {"@type": "ListItem", "position": position, "url": urljoin(url, article.get_absolute_url())}
        for position, article in enumerate(articles, 1)
    ]
    node: Node = {"@type": "CollectionPage", "@id": url, "url": url, "name": name}
    if description:
        node["description"] = description
    return node | {"mainEntity": {"@type": "ItemList", "itemListElement": items}}


def breadcrumbs(section: Section | None, *, front: str, site_name: str, url: str, title: str) -> Node:
    """The way to a page: the front page, its section, itself."""
    steps = [(site_name, front), *([(section.name, urljoin(url, section.get_absolute_url()))] if section else [])]
    if (title, url) not in steps:
        steps.append((title, url))
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": address}
        for position, (name, address) in enumerate(steps, 1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def images(image: Image | None, origin: str) -> list[Node]:
    """The largest crop of each shape."""
    return [_image(image, crop, origin) for crop in CROPS] if image else []


def _image(image: Image, crop: str, origin: str) -> Node:
    size = sizes_of(image, crop)[-1]
    node = {"@type": "ImageObject", "url": urljoin(origin, size.url()), "width": size.width, "height": size.height}
    return node | ({"creditText": image.credit} if image.credit else {})


def _types(types: list[str]) -> str | list[str]:
    return types if len(types) > 1 else types[0]


def _moment(moment) -> str:
    """With the newsroom's offset."""
    return newsroom_time.local(moment).isoformat(timespec="seconds")
