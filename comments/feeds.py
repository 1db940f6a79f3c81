"""Atom feeds (RFC 4287) of what was said last: under a story, and on the whole site."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.feedgenerator import Atom1Feed

from articles.models import Article
from articles.syndication.formats import NEVER, tag_uri
from articles.syndication.xml import legal
from comments.models import Comment

LENGTH = 50
#: Among them places of deleted comments that replies hang on, which no feed has.
READ = 2 * LENGTH


def latest_on(article: Article) -> QuerySet[Comment]:
    """What was listed last under a story, over the index comment_story_feed."""
    return _latest().on(article)[:READ]


def latest() -> QuerySet[Comment]:
    """What was listed last under all public stories, over the index comment_site_feed."""
    # Asked story by story, as comments are met: a list of all public stories would have to be made first. And the stories come
    # after the comments, not in a join with them, which SQLite may begin with the stories.
    public = Exists(Article.objects.public().filter(pk=OuterRef("article")))
    return _latest().filter(public).prefetch_related("article")[:READ]


def _latest():
    # Not visible(), which the queue's index answers too, unordered and for the whole archive: `_visible` picks.
    return Comment.objects.listed().select_related("parent", "answers").order_by("-published_at", "-pk")


def _visible(comments: QuerySet[Comment]) -> list[Comment]:
    return [comment for comment in comments if comment.is_visible][:LENGTH]


class _AtomFeed(Atom1Feed):
    def latest_post_date(self) -> datetime.datetime:
        """Without entries, a time that stays: an unchanged feed has the same bytes each time."""
        return super().latest_post_date() if self.items else self.feed["unchanged_since"]


class SiteFeed(Feed):
    feed_type = _AtomFeed

    def __call__(self, request: HttpRequest, *args, **kwargs) -> HttpResponse:
        response = super().__call__(request, *args, **kwargs)
        # The newest entry does not tell when an older one was taken back; the ETag does.
        del response["Last-Modified"]
        return response

    def title(self, article: Article | None) -> str:
        return f"Comments: {settings.SITE_NAME}"

    def link(self, article: Article | None) -> str:
        return f"{settings.SITE_URL}/"

    def feed_url(self, article: Article | None) -> str:
        return settings.SITE_URL + reverse("comment_feed")

    def feed_guid(self, article: Article | None) -> str:
        return self.feed_url(article)

    def feed_extra_kwargs(self, article: Article | None) -> dict:
        return {"unchanged_since": article.publish_at if article else NEVER}

    def items(self, article: Article | None) -> list[Comment]:
        return _visible(latest())

    def item_title(self, comment: Comment) -> str:
        answered = comment.answers or comment.parent
        whom = f" to {answered.name}" if answered and answered.is_visible else ""
        return legal(f"{comment.name}{whom} on “{comment.article.list_headline}”")

    def item_description(self, comment: Comment) -> str:
        return legal(comment.body_html)

    def item_author_name(self, comment: Comment) -> str:
        return legal(comment.name)

    def item_link(self, comment: Comment) -> str:
        return settings.SITE_URL + comment.get_absolute_url()

    def item_guid(self, comment: Comment) -> str:
        return tag_uri(comment.created_at, f"comment-{comment.pk}")

    def item_pubdate(self, comment: Comment) -> datetime.datetime | None:
        return comment.published_at

    def item_updateddate(self, comment: Comment) -> datetime.datetime | None:
        return max(filter(None, (comment.published_at, comment.edited_at)), default=None)


class StoryFeed(SiteFeed):
    def get_object(self, request: HttpRequest, article: int) -> Article:
        return get_object_or_404(Article.objects.public(), pk=article)

    def title(self, article: Article) -> str:  # type: ignore[override]
        return legal(f"Comments on “{article.headline}”")

    def link(self, article: Article) -> str:  # type: ignore[override]
        return settings.SITE_URL + article.get_absolute_url()

    def feed_url(self, article: Article) -> str:  # type: ignore[override]
        return settings.SITE_URL + reverse("comment_story_feed", args=[article.pk])

    def items(self, article: Article) -> list[Comment]:  # type: ignore[override]
        comments = _visible(latest_on(article))
        for comment in comments:
            comment.article = article
        return comments


feed_urls = [
    path("feed/", SiteFeed(), name="comment_feed"),
    path("on/<number:article>/feed/", StoryFeed(), name="comment_story_feed"),
]
