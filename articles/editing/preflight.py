"""Before a story goes out: what is missing or odd about it, each rule a function, each finding a sentence.

Whether a rule blocks or only warns is the newsroom's (`settings.PREFLIGHT_BLOCKS`); who publishes can override a blocking one
with a reason, which goes into the log of moves.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.cache import cache
from django.db.models import prefetch_related_objects
from django.db.models.functions import Length
from django.urls import Resolver404, resolve
from django.utils import timezone

from articles import body, newsroom_time, workflow
from articles.editing.likeness import alike, letters, resemblance, sketch
from articles.lists import KINDS, ListKind
from articles.models import Article, Image, PreviousListSlug, PreviousSlug, Tag, make_slug
from articles.models.image import RIGHTS_END_SOON
from articles.snippets import CARD_LENGTH, TITLE_LENGTH

if TYPE_CHECKING:
    from django.contrib.auth.models import User

#: Other stories are compared with: so many, of so many days; their texts where they are about as long.
COMPARED, WITHIN = 400, datetime.timedelta(days=60)
ALIKE_HEADLINES, ALIKE_TEXTS, AS_LONG = 0.88, 0.4, (0.7, 1.4)
SKETCHES_KEPT = 24 * 3600
JUST_NOW = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Problem:
    rule: str
    sentence: str

    @property
    def blocks(self) -> bool:
        return self.rule in settings.PREFLIGHT_BLOCKS


@dataclass(frozen=True)
class Other:
    """A story beside those that are looked at."""

    article: Article
    slug: str
    letters: frozenset[str]
    size: int
    is_seen: bool


class Around:
    """What rules look at beside the stories themselves, asked for once however many stories there are.

    `user`: who is told; None sees everything. What they may not look at is told without its words.
    """

    def __init__(self, articles: Iterable[Article], user: User | None = None):
        self.articles, self.user = list(articles), user
        prefetch_related_objects(self.articles, "bylines", "tagged__tag", "lead_image")
        self._leads: dict[tuple[str, bool], bool] = {}

    @cached_property
    def images(self) -> dict[int, Image]:
        return Image.objects.in_bulk({pk for article in self.articles for pk in body.image_ids(article.body)})

    def images_of(self, article: Article) -> list[Image]:
        shown = [article.lead_image] if article.lead_image else []
        inside = (self.images.get(pk) for pk in body.image_ids(article.body))
        return list(dict.fromkeys([*shown, *filter(None, inside)]))

    @cached_property
    def others(self) -> list[Other]:
        """The stories that were saved last."""
        since = timezone.now() - WITHIN
        rows = Article.objects.filter(modified_at__gt=since).annotate(size=Length("body"))
        fields = ("headline", "status", "publish_at", "created_by", "modified_at")
        found = []
        for article in rows.only(*fields).order_by("-modified_at", "-pk")[:COMPARED]:
            slug = make_slug(article.headline)
            is_seen = self.user is None or workflow.may_see(article, self.user)
            found.append(Other(article, slug, letters(slug), article.size, is_seen))
        return found

    def as_long_as(self, article: Article) -> list[Other]:
        least, most = (len(article.body) * share for share in AS_LONG)
        return [other for other in self.others if least <= other.size <= most and other.article.pk != article.pk]

    @cached_property
    def sketches(self) -> dict[int, list[int]]:
        """Of all others that may be like one of the stories, by number."""
        wanted = {other.article.pk: other.article for article in self.articles for other in self.as_long_as(article)}
        keys = {f"sketch:{pk}:{article.modified_at.timestamp()}": pk for pk, article in wanted.items()}
        known = {keys[key]: found for key, found in cache.get_many(keys).items()}
        missing = Article.objects.filter(pk__in=wanted.keys() - known.keys()).values_list("pk", "body")
        fresh = {pk: sketch(body.plain_text(text)) for pk, text in missing}
        cache.set_many({key: fresh[pk] for key, pk in keys.items() if pk in fresh}, SKETCHES_KEPT)
        return known | fresh

    @cached_property
    def tags(self) -> dict[str, list[Tag]]:
        """All tags that differ by case or accent at most from one of the stories', by what they have in common."""
        slugs = {make_slug(tagged.tag.name) for article in self.articles for tagged in article.tagged.all()}
        # Tags of the same slug are numbered (Tag.slugify).
        wanted = [f"{slug}{end}" for slug in slugs for end in ("", "_1", "_2", "_3")]
        found: dict[str, list[Tag]] = {}
        for tag in Tag.objects.filter(slug__in=wanted).order_by("name"):
            found.setdefault(make_slug(tag.name), []).append(tag)
        return found

    def leads_somewhere(self, path: str, moment: datetime.datetime) -> bool:
        key = (path, moment > timezone.now())
        if key not in self._leads:
            self._leads[key] = leads_somewhere(path, moment)
        return self._leads[key]


Rule = Callable[[Article, Around], Iterator[str]]


def standfirst(article: Article, around: Around) -> Iterator[str]:
    if not article.standfirst.strip():
        yield "It has no standfirst: lists, search results and shared links show it."


def byline(article: Article, around: Around) -> Iterator[str]:
    if not article.bylines.all():
        yield "Nobody is named as its author."


def pictures(article: Article, around: Around) -> Iterator[str]:
    """Alternative text and credit of every picture that the story shows."""
    for image in around.images_of(article):
        if not image.alt.strip():
            yield f"The picture “{image}” has no alternative text."
        if not image.credit.strip():
            yield f"The picture “{image}” has no credit."


def rights(article: Article, around: Around) -> Iterator[str]:
    """Pictures whose rights will have ended when readers see it, or have ended while they do."""
    today, day = newsroom_time.day_of(), _first_day(article)
    for image in around.images_of(article):
        if image.rights_until and image.rights_until < today:
            yield f"The rights to the picture “{image}” ended on {image.rights_until:%-d %B %Y}."
        elif image.rights_until and image.rights_until < day:
            yield f"The rights to the picture “{image}” end on {image.rights_until:%-d %B %Y}, before the story is to appear."


def rights_soon(article: Article, around: Around) -> Iterator[str]:
    """Pictures whose rights end within days from then on."""
    day = _first_day(article)
    for image in around.images_of(article):
        if image.rights_until and day <= image.rights_until < day + RIGHTS_END_SOON:
            yield f"The rights to the picture “{image}” end on {image.rights_until:%-d %B %Y}."


def _first_day(article: Article) -> datetime.date:
    """The day from which on readers see it, as far as that lies ahead."""
    now = timezone.now()
    return newsroom_time.day_of(max(article.publish_at or now, now))


def past(article: Article, around: Around) -> Iterator[str]:
    """A time that has passed would put it among the stories of that day, where nobody looks."""
    if article.publish_at and article.publish_at < timezone.now() - JUST_NOW and not article.is_public():
        moment = newsroom_time.local(article.publish_at)
        yield f"Its publication time, {moment:%-d %B %Y, %H:%M %Z}, has passed: it would stand among the stories of that moment."


def headline(article: Article, around: Around) -> Iterator[str]:
    """https://developers.google.com/search/docs/appearance/title-link has no limit, but what does not fit is cut."""
    length = len(article.headline)
    if length > CARD_LENGTH:
        yield f"The headline has {length} characters: cards on phones cut it after about {CARD_LENGTH}."
    elif (length := len(article.meta_title)) > TITLE_LENGTH:
        told = "title for search engines" if article.search_title else "headline"
        yield f"The {told} has {length} characters, and search results cut it after about {TITLE_LENGTH}: give a short one."


def embargo(article: Article, around: Around) -> Iterator[str]:
    """Whatever the setting says, the database lets nothing out before; this says so in time."""
    if article.breaks_embargo(article.publish_at or timezone.now()):
        yield article.embargo_sentence()


def twins(article: Article, around: Around) -> Iterator[str]:
    """Another story of these days with nearly the same headline, or nearly the same text."""
    slug = make_slug(article.headline)
    mine = letters(slug)
    for other in around.others:
        if other.article.pk != article.pk and alike(slug, mine, other.slug, other.letters, ALIKE_HEADLINES):
            if other.is_seen:
                yield f"Story {other.article.pk} has nearly the same headline: “{other.article.headline}”."
            else:
                yield "A colleague’s story, not public yet, has nearly the same headline."
    if not article.body:
        return
    words = sketch(body.plain_text(article.body))
    for other in around.as_long_as(article):
        if resemblance(words, around.sketches.get(other.article.pk, [])) > ALIKE_TEXTS:
            if other.is_seen:
                yield f"Story {other.article.pk}, “{other.article.headline}”, has nearly the same text."
            else:
                yield "A colleague’s story, not public yet, has nearly the same text."


def links(article: Article, around: Around) -> Iterator[str]:
    """Links to our own pages that lead nowhere once it is out. Pages of others are never asked."""
    moment = max(article.publish_at or timezone.now(), timezone.now())
    parser = _Links()
    parser.feed(article.body)
    for href in dict.fromkeys(parser.found):
        parts = urlsplit(href)
        is_ours = f"{parts.scheme}://{parts.netloc}" == settings.SITE_URL
        if is_ours and not around.leads_somewhere(unquote(parts.path) or "/", moment):
            yield f"The link to {href} leads nowhere."


def tags(article: Article, around: Around) -> Iterator[str]:
    """A tag that differs from another by case or accent alone."""
    names = [tagged.tag.name for tagged in article.tagged.all()]
    if not names:
        yield "It has no tags."
    for name in names:
        for other in around.tags.get(make_slug(name), []):
            if other.name != name:
                yield f"The tag “{name}” differs from “{other.name}” by case or accent alone."


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (past, embargo, standfirst, byline, pictures, rights, rights_soon, headline, twins, links, tags)
}
#: What is said of a story that readers see already.
WHILE_PUBLIC = ("rights", "rights_soon")


def preflight(article: Article, user: User | None = None, *, around: Around | None = None) -> list[Problem]:
    """What the rules have to say of a saved story: what blocks first. Of a public one only what concerns it still.

    `user`: who is told; None for somebody who sees every story. `around`: of many stories, made once.
    """
    around = around or Around([article], user)
    names = WHILE_PUBLIC if article.is_public() else RULES
    problems = [Problem(name, sentence) for name in names for sentence in RULES[name](article, around)]
    return sorted(problems, key=lambda problem: not problem.blocks)


def preflight_each(articles: Iterable[Article], user: User | None = None) -> Iterator[tuple[Article, list[Problem]]]:
    """The same of many, in as many queries as of one, but for the links within them."""
    around = Around(articles, user)
    for article in around.articles:
        yield article, preflight(article, user, around=around)


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag == "a" and (href := dict(attrs).get("href")):
            self.found.append(href)


#: Whether what the arguments of an address name will be there at that moment; an app adds its own (newsportal.apps).
Destination = Callable[[dict[str, Any], datetime.datetime], bool]


def _story(named: dict[str, Any], moment: datetime.datetime) -> bool:
    try:
        address = {"published_on": datetime.date(named["year"], named["month"], named["day"]), "slug": named["slug"]}
    except ValueError:
        return False
    public = Article.objects.public(moment)
    return public.filter(**address).exists() or PreviousSlug.objects.filter(**address, article__in=public).exists()


def _list(kind: ListKind) -> Destination:
    """Or where readers are led on from an address that it had."""

    def there(named: dict[str, Any], moment: datetime.datetime) -> bool:
        known, slug = kind.known(), named["slug"]
        return known.filter(slug=slug).exists() or PreviousListSlug.objects.where_it_went(known, slug) is not None

    return there


DESTINATIONS: dict[str, Destination] = {"story": _story} | {kind.name: _list(kind) for kind in KINDS}


def leads_somewhere(path: str, moment: datetime.datetime) -> bool:
    """Whether a reader finds something at this path of ours at that moment."""
    try:
        found = resolve(path)
    except Resolver404:
        return False
    there = DESTINATIONS.get(found.url_name or "")
    return there is None or there(found.kwargs, moment)
