"""Reads at the desk: how often a story is read, for who wrote it; of all stories, for who publishes."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from articles import workflow
from articles.models import Article, Reads
from articles.models.reads import Numbers, hours_since, since_day
from articles.reads.chart import chart_of_days, chart_of_hours

SHOWN = 25


class ReadsMixin:
    """A column of the list of stories, a part of the story screen, and a page of the day."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.reads_view)
        return [path("reads/", view, name="articles_article_reads"), *super().get_urls()]

    def may_see_reads(self, request: HttpRequest, article: Article) -> bool:
        return settings.COUNT_READS and (
            article.created_by_id == request.user.pk or request.user.has_perm(workflow.PUBLISH)
        )

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return [*super().get_list_display(request), *(["reads"] if settings.COUNT_READS else [])]

    def get_changelist_instance(self, request: HttpRequest):
        """With the numbers of the stories on this page, in one query."""
        changelist = super().get_changelist_instance(request)
        own = [story.pk for story in changelist.result_list if self.may_see_reads(request, story)]
        numbers = Reads.objects.of(own) if own else {}
        for story in changelist.result_list:
            story.numbers = numbers.get(story.pk, Numbers()) if story.pk in own else None
        return changelist

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        return super().changelist_view(request, {"may_see_reads": settings.COUNT_READS} | (extra_context or {}))

    def reads(self, article: Article) -> str:
        numbers = getattr(article, "numbers", None)
        return f"{numbers.day:,} · {numbers.week:,} · {numbers.total:,}" if numbers and numbers.total else "–"

    reads.short_description = "reads: 24 h · 7 days · all"

    def reads_context(self, request: HttpRequest, article: Article | None) -> dict:
        """For the story screen; nothing for a story that is not one's own, or that readers have never seen."""
        if article is None or article.status in workflow.UNPUBLISHED or not self.may_see_reads(request, article):
            return {}
        rows = list(Reads.objects.filter(article=article).values_list("span", "since", "count"))
        return {
            "reads": Reads.objects.of([article.pk]).get(article.pk, Numbers()),
            "reads_charts": [chart_of_hours(rows), chart_of_days(rows)],
        }

    def reads_view(self, request: HttpRequest) -> HttpResponse:
        """The last 24 hours: what was read when, and which stories most; for a reporter, of their own."""
        if not (settings.COUNT_READS and self.has_view_permission(request)):
            raise PermissionDenied
        now = timezone.now()
        mine = Q() if self.has_publish_permission(request) else Q(article__created_by=request.user)
        hours = Reads.objects.filter(mine, hours_since(since_day(now), now))
        by_hour = hours.order_by().values("span", "since").annotate(n=Sum("count")).values_list("span", "since", "n")
        top = dict(
            hours.order_by().values("article").annotate(n=Sum("count")).order_by("-n", "-article")
            .values_list("article", "n")[:SHOWN]
        )  # fmt: skip
        stories, numbers = Article.objects.for_lists().in_bulk(top), Reads.objects.of(list(top))
        context = {
            "title": "Reads of the last 24 hours",
            "opts": self.opts,
            "media": self.media,
            "chart": chart_of_hours(list(by_hour)),
            "rows": [(stories[pk], numbers[pk]) for pk in top if pk in stories],
            "of_all": self.has_publish_permission(request),
            "now": timezone.now(),
        }
        template = "admin/articles/article/reads.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)
