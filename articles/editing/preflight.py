"""Before a story goes out: what is missing or odd about it, each rule a function, each finding a sentence.

Whether a rule blocks or only warns is the newsroom's (`settings.PREFLIGHT_BLOCKS`); who publishes can override a blocking one
with a reason, which goes into the log of moves.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve
from django.utils import timezone

from articles import body
from articles.models import Article, Contributor, Image, PreviousSlug, Section, Tag, make_slug

SEARCH_HEADLINE, CARD_HEADLINE = 70, 110
ALIKE, COMPARED, WITHIN = 0.88, 400, datetime.timedelta(days=60)
RIGHTS_END_SOON = datetime.timedelta(days=7)
JUST_NOW = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Problem:
    rule: str
    sentence: str

    @property
    def blocks(self) -> bool:
        return self.rule in settings.PREFLIGHT_BLOCKS


Rule = Callable[[Article], Iterator[str]]


def standfirst(article: Article) -> Iterator[str]:
    if not article.standfirst.strip():
        yield "It has no standfirst: lists, search results and shared links show it."


def byline(article: Article) -> Iterator[str]:
    if not article.bylines.exists():
        yield "Nobody is named as its author."


def pictures(article: Article) -> Iterator[str]:
    """Alternative text and credit of every picture that the story shows."""
    for image in _images(article):
        if not image.alt.strip():
            yield f"The picture “{image}” has no alternative text."
        if not image.credit.strip():
            yield f"The picture “{image}” has no credit."


def rights(article: Article) -> Iterator[str]:
    """Pictures whose rights have ended, or end soon."""
    today = timezone.localdate()
    for image in _images(article):
        if image.rights_until and image.rights_until < today:
            yield f"The rights to the picture “{image}” ended on {image.rights_until:%-d %B %Y}."
        elif image.rights_until and image.rights_until < today + RIGHTS_END_SOON:
            yield f"The rights to the picture “{image}” end on {image.rights_until:%-d %B %Y}."


def past(article: Article) -> Iterator[str]:
    """A time that has passed would put it among the stories of that day, where nobody looks."""
    if article.publish_at and article.publish_at < timezone.now() - JUST_NOW and not article.is_public():
        moment = timezone.localtime(article.publish_at, timezone.get_default_timezone())
        yield f"Its publication time, {moment:%-d %B %Y, %H:%M %Z}, has passed: it would stand among the stories of that moment."


def headline(article: Article) -> Iterator[str]:
    """https://developers.google.com/search/docs/appearance/title-link has no limit, but what does not fit is cut."""
    length = len(article.headline)
    if length > CARD_HEADLINE:
        yield f"The headline has {length} characters: cards on phones cut it after about {CARD_HEADLINE}."
    elif length > SEARCH_HEADLINE and not article.short_headline:
        yield f"The headline has {length} characters, and search results cut it after about {SEARCH_HEADLINE}: give a short one."


def twins(article: Article) -> Iterator[str]:
    """Another story of these days with nearly the same headline, or the same text."""
    since = timezone.now() - WITHIN
    others = Article.objects.filter(modified_at__gt=since).exclude(pk=article.pk)
    mine = make_slug(article.headline)
    for pk, other in others.order_by("-modified_at").values_list("pk", "headline")[:COMPARED]:
        matcher = SequenceMatcher(None, mine, make_slug(other))
        if matcher.real_quick_ratio() > ALIKE and matcher.quick_ratio() > ALIKE and matcher.ratio() > ALIKE:
            yield f"Story {pk} has nearly the same headline: “{other}”."
    if article.body and (same := others.filter(body=article.body).order_by("-modified_at").first()):
        yield f"Story {same.pk}, “{same}”, has the same text."


def links(article: Article) -> Iterator[str]:
    """Links to our own pages that lead nowhere. Pages of others are never asked."""
    parser = _Links()
    parser.feed(article.body)
    for href in dict.fromkeys(parser.found):
        parts = urlsplit(href)
        is_ours = f"{parts.scheme}://{parts.netloc}" == settings.SITE_URL
        if is_ours and not _leads_somewhere(unquote(parts.path) or "/"):
            yield f"The link to {href} leads nowhere."


def tags(article: Article) -> Iterator[str]:
    """A tag that differs from another by case or accent alone."""
    names = list(article.tags.names())
    if not names:
        yield "It has no tags."
    for name in names:
        slug = make_slug(name)
        for other in Tag.objects.filter(slug__startswith=slug).exclude(name=name)[:20]:
            if make_slug(other.name) == slug:
                yield f"The tag “{name}” differs from “{other.name}” by case or accent alone."


RULES: dict[str, Rule] = {
    rule.__name__: rule for rule in (past, standfirst, byline, pictures, rights, headline, twins, links, tags)
}


def preflight(article: Article) -> list[Problem]:
    """What all rules have to say of a saved story: what blocks first."""
    problems = [Problem(name, sentence) for name, rule in RULES.items() for sentence in rule(article)]
    return sorted(problems, key=lambda problem: not problem.blocks)


def _images(article: Article) -> list[Image]:
    shown = [article.lead_image] if article.lead_image else []
    return shown + list(Image.objects.filter(pk__in=body.image_ids(article.body)).exclude(leads=article))


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag == "a" and (href := dict(attrs).get("href")):
            self.found.append(href)


def _leads_somewhere(path: str) -> bool:
    try:
        found = resolve(path)
    except Resolver404:
        return False
    match found.url_name:
        case "story":
            try:
                day = datetime.date(found.kwargs["year"], found.kwargs["month"], found.kwargs["day"])
            except ValueError:
                return False
            address = {"published_on": day, "slug": found.kwargs["slug"]}
            return Article.objects.filter(**address).exists() or PreviousSlug.objects.filter(**address).exists()
        case "section" | "tag" | "contributor":
            rows = {"section": Section.objects, "tag": Tag.objects, "contributor": Contributor.objects}[found.url_name]
            return rows.filter(slug=found.kwargs["slug"]).exists()
    return True
