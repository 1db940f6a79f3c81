"""What readers said last, as Atom feeds (RFC 4287): of one story, and of the whole site."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from articles.models import Article
from articles.workflow import Status as ArticleStatus
from comments.models import Comment

ENTRIES = 50


class _CommentFeed(Feed):
    feed_type = Atom1Feed
    language = settings.LANGUAGE_CODE

    def item_title(self, comment: Comment) -> str:
        return f"{comment.name} on {comment.article.list_headline}"

    def item_description(self, comment: Comment) -> str:
        return comment.body_html

    def item_link(self, comment: Comment) -> str:
        return settings.SITE_URL + comment.get_absolute_url()

    def item_author_name(self, comment: Comment) -> str:
        return comment.name

    def item_pubdate(self, comment: Comment) -> datetime.datetime:
        return comment.published_at or comment.created_at

    def item_updateddate(self, comment: Comment) -> datetime.datetime:
        return max(comment.edited_at or self.item_pubdate(comment), self.item_pubdate(comment))

    def item_guid(self, comment: Comment) -> str:
        """For ever the same, whatever becomes of addresses (RFC 4151)."""
        return f"tag:{urlsplit(settings.SITE_URL).hostname},{comment.created_at:%Y-%m-%d}:comment/{comment.pk}"


class SiteCommentFeed(_CommentFeed):
    title = f"{settings.SITE_NAME}: comments"

    def link(self) -> str:
        return f"{settings.SITE_URL}/"

    def feed_url(self) -> str:
        return settings.SITE_URL + reverse("comment_feed")

    def items(self) -> QuerySet[Comment]:
        public = {"article__status": ArticleStatus.PUBLISHED, "article__publish_at__lte": timezone.now()}
        newest = Comment.objects.listed().visible().filter(**public).select_related("article")
        return newest.order_by("-published_at", "-pk")[:ENTRIES]


class StoryCommentFeed(_CommentFeed):
    def get_object(self, request: HttpRequest, article: int) -> Article:  # type: ignore[override]
        return get_object_or_404(Article.objects.public(), pk=article)

    def title(self, article: Article) -> str:
        return f"Comments on {article.headline}"

    def link(self, article: Article) -> str:
        return settings.SITE_URL + article.get_absolute_url()

    def feed_url(self, article: Article) -> str:
        return settings.SITE_URL + reverse("comment_story_feed", args=[article.pk])

    def items(self, article: Article) -> list[Comment]:
        newest = Comment.objects.listed().visible().on(article).order_by("-published_at", "-pk")[:ENTRIES]
        comments: list[Any] = list(newest)
        for comment in comments:
            comment.article = article
        return comments
