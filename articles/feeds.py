"""What can be followed: the site, each list (articles.lists), a search; as RSS, Atom and JSON (articles.syndication.formats).

A feed is the newest stories of a list, with all of their text. One of something else is a function that says which stories, and a
line with `feed_paths` in articles/urls.py.
"""  # fmt: skip

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from articles import body, newsroom_time
from articles.body.render import figure_html
from articles.bylines import bring_bylines
from articles.caching import editions
from articles.caching.pieces import content, kept
from articles.caching.prepared import Known, Prepared, Row
from articles.lists import ListKind
from articles.models import Article, Contributor, Correction, Image, TaggedArticle
from articles.models.article import told_update
from articles.models.article_queryset import ArticleQuerySet
from articles.paging import OF_STORIES, page_of
from articles.pictures import renditions
from articles.search import newest
from articles.search.forms import SearchForm
from articles.syndication.formats import FORMATS, NEVER, Entry, Feed, Format, Person, Picture, tag_uri
from articles.views.moved import or_where_it_went

#: Whole stories: with more of them a feed would be the heaviest page of all, and the one that is asked for by the clock.
LENGTH = 20

_stories = Prepared(
    lambda keys: Article.objects.select_related("section", "lead_image").defer("body").filter(pk__in=keys),
    keys=list[int],
)
_tagged = Prepared(
    lambda articles: (
        TaggedArticle.objects.select_related("tag").filter(content_object__in=articles).order_by("tag__name")
    ),
    articles=list[int],
)
_corrections = Prepared(lambda articles: Correction.objects.filter(article__in=articles), articles=list[int])


@dataclass(frozen=True)
class Subject:
    """What a feed is of. `page`: the path of the page that shows the same to people, which may end in a query."""

    page: str
    stories: ArticleQuerySet
    name: str = ""
    description: str = ""
    #: Where the time and the number of a story stand in the index that serves these stories (articles.paging).
    key: tuple[str, str] = OF_STORIES
    #: Says when these are other stories, or in another order (articles.caching.editions).
    edition: str = editions.NEWEST


def site(request: HttpRequest) -> Subject:
    return Subject("/", Article.objects.all(), description=settings.SITE_TAGLINE)


def of_kind(kind: ListKind) -> Callable[..., Subject]:
    def subject(request: HttpRequest, slug: str) -> Subject:
        of = get_object_or_404(kind.known(), slug=slug)
        page, stories, edition = of.get_absolute_url(), kind.stories_of(of), kind.edition(of.pk)
        return Subject(page, stories, of.name, kind.said_of(of), kind.key, edition)

    return subject


def search(request: HttpRequest) -> Subject:
    """The newest stories that a search finds, for who wants to hear of a subject again and again."""
    form = SearchForm(request.GET)
    found = newest(form.query, LENGTH, form.scope()) if form.is_valid() and form.query else []
    stories = Article.objects.public().filter(pk__in=[article.pk for article in found])
    return Subject(reverse("search") + form.address(), stories, form.typed())


def feed_path(page: str, format: Format) -> str:
    """The path of the feed of what `page` shows."""
    place, question, query = page.partition("?")
    return f"{place}feed/{format.folder}{question}{query}"


def feed_paths(place: str, name: str, subject: Callable[..., Subject]) -> list[URLPattern]:
    """Routes `name_feed`, `name_feed_atom` and `name_feed_json`, for what stands at `place`."""
    return [
        path(
            f"{place}feed/{format.folder}",
            _view(subject, format),
            name="_".join(filter(None, [name, "feed", format.folder.rstrip("/")])),
        )
        for format in FORMATS
    ]


# --- From stories to entries ------------------------------------------------------------------------------------------


def _view(subject: Callable[..., Subject], format: Format) -> Callable[..., HttpResponseBase]:
    @require_safe
    @or_where_it_went
    def feed(request: HttpRequest, **kwargs: str) -> HttpResponse:
        of = subject(request, **kwargs)
        found = feed_of(of, format)
        response = HttpResponse(format.write(found), content_type=f"{format.served_as}; charset=utf-8")
        # WebSub, 4: where a subscriber reads it without reading the feed. No Last-Modified: it has whole seconds, and does
        # not tell when an older story was withdrawn. The ETag, which is of the bytes, does.
        links = [f'<{found.url}>; rel="self"']
        if settings.WEBSUB_HUB:
            links.append(f'<{settings.WEBSUB_HUB}>; rel="hub"')
        response["Link"] = ", ".join(links)
        editions.shows(response, editions.LISTS, of.edition, *map(editions.of_card, found.stories))
        return response

    return feed


def feed_of(subject: Subject, format: Format) -> Feed:
    """Five queries, whatever the stories have: which they are, and what they tell."""
    listed = page_of(subject.stories.only("publish_at"), {}, key=subject.key, size=LENGTH).items
    entries = _whole([story.pk for story in listed])
    return Feed(
        title=f"{settings.SITE_NAME}: {subject.name}" if subject.name else settings.SITE_NAME,
        description=" ".join(subject.description.split()),
        page_url=settings.SITE_URL + subject.page,
        url=settings.SITE_URL + feed_path(subject.page, format),
        updated=max((_updated_at(story) or story["publish_at"] for story in entries), default=NEVER),
        items=[_item(story, format) for story in entries],
        stories=[story.pk for story in entries],
    )


def _whole(keys: list[int]) -> list[Row]:
    """These stories, in this order, with all that an entry tells of them."""
    found = {story.pk: story for story in _stories.rows(keys=keys)}
    bring_bylines(found.values())
    tagged = _tagged.along("content_object_id", Known, articles=keys)
    corrections = _corrections.along("article_id", Known, articles=keys)
    for story in found.values():
        story.bring("tagged", tagged)
        story.bring("corrections", corrections)
    return [found[pk] for pk in keys if pk in found]


def _item(story: Row, format: Format) -> SafeString:
    """Most stories of a feed were in it when it was last written."""
    return kept(("feed", format.folder, content(story)), lambda: SafeString(format.item(_entry(story))))


def _updated_at(story: Row) -> datetime.datetime | None:
    """When readers were told of an update, in the newsroom's time."""
    updated_at = told_update(story["updated_at"], story["publish_at"])
    return updated_at and newsroom_time.local(updated_at)


def _entry(row: Row) -> Entry:
    article: Article = row.instance
    assert article.publish_at is not None and article.section is not None, "public stories are complete"
    url = settings.SITE_URL + article.get_absolute_url()
    labels = [article.label] if article.label else []
    authors = article.authors
    others = dict.fromkeys(line.contributor for line in article.bylines.all() if line.contributor not in authors)
    return Entry(
        id=tag_uri(article.created_at, f"story-{article.pk}"),
        url=url,
        # Whoever paid for it is told wherever it is shown, and a title is all that many readers show.
        title=f"{article.label}: {article.headline}" if article.kind == Article.Kind.SPONSORED else article.headline,
        summary=article.standfirst,
        html=body.portable(_html(article), url),
        published=newsroom_time.local(article.publish_at),
        updated=_updated_at(row),
        authors=[_person(author) for author in authors],
        others=[_person(other) for other in others],
        categories=[article.section.name, *labels, *(tagged.tag.name for tagged in article.tagged.all())],
        picture=_picture(article.lead_image) if article.lead_image else None,
    )


def _html(article: Article) -> str:
    """Lead picture, text and corrections, as the page has them."""
    label = format_html("<p><strong>{}</strong></p>", article.label) if article.kind == Article.Kind.SPONSORED else ""
    lead = figure_html(article.lead_image) if article.lead_image else ""
    dateline = format_html("<p>{}</p>", article.dateline) if article.dateline else ""
    corrections = format_html_join(
        "",
        "<p><strong>{}, {}:</strong> {}</p>",
        (
            (told.get_kind_display(), f"{newsroom_time.local(told.made_at):%-d %B %Y, %H:%M %Z}", told.text)
            for told in article.corrections.all()
        ),
    )
    return f"{label}{lead}{dateline}{article.body_html}{corrections}"


def _person(contributor: Contributor) -> Person:
    return Person(contributor.name, settings.SITE_URL + contributor.get_absolute_url())


def _picture(image: Image) -> Picture:
    largest, thumbnail = renditions.sizes(image)[-1], renditions.sizes(image, "1:1")[-1]
    origin = f"{settings.SITE_URL}/"
    return Picture(
        url=urljoin(origin, largest.url()),
        width=largest.width,
        height=largest.height,
        thumbnail=urljoin(origin, thumbnail.url()),
        thumbnail_side=thumbnail.width,
        alt=image.alt,
        credit=image.credit,
    )
