"""Previews of a story: for who is at the desk, and links for outsiders."""

from __future__ import annotations

import datetime

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from articles.editing.snapshot import opened, take
from articles.models import Article, PreviewLink, Version
from articles.preview_views import show


class LinkForm(forms.Form):
    name = forms.CharField(max_length=100, label="For", help_text="Whom you send it to: so you know which to end.")
    days = forms.IntegerField(min_value=1, max_value=30, initial=3, label="Days")
    pinned = forms.TypedChoiceField(
        label="Shows", choices=[("no", "the story as it develops"), ("yes", "this version, whatever comes later")],
        coerce=lambda value: value == "yes", initial="no",
    )  # fmt: skip


class PreviewMixin:
    """Two more addresses of a story's screen."""

    def get_urls(self):
        preview = self.admin_site.admin_view(self.preview_view)
        links = self.admin_site.admin_view(self.links_view)
        return [
            path("<int:pk>/preview/", preview, name="articles_article_preview"),
            path("<int:pk>/links/", links, name="articles_article_links"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The story, or its `?version=`, as readers will see it."""
        article = self._story(request, pk)
        number = request.GET.get("version", "")
        if not number:
            return show(request, article, take(article))
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise Http404("There is no such version.")
        version = get_object_or_404(Version.objects.of(article).select_related("text"), number=number)
        return show(request, article, opened(version))

    def links_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        article = self._story(request, pk)
        form, address = LinkForm(request.POST if "_make" in request.POST else None), ""
        if request.method == "POST" and (number := request.POST.get("_revoke", "")):
            link = get_object_or_404(article.preview_links, pk=number if number.isdigit() else 0)
            link.revoke()
            return redirect(request.path)
        if form.is_bound and form.is_valid():
            data = form.cleaned_data
            version = Version.objects.of(article).first() if data["pinned"] else None
            _, token = PreviewLink.objects.issue(
                article, data["name"], request.user, lasts=datetime.timedelta(days=data["days"]), version=version
            )
            address, form = settings.SITE_URL + reverse("preview", args=[token]), LinkForm()
        links = article.preview_links.select_related("made_by", "version").annotate(
            opened=Count("openings"), last_opened=Max("openings__opened_at")
        )
        context = {
            "title": f"Preview links: {article}", "opts": self.opts, "media": self.media, "article": article, "form": form,
            "address": address, "links": links,
        }  # fmt: skip
        template = "admin/articles/article/links.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _story(self, request: HttpRequest, pk: int) -> Article:
        article = self.get_object(request, str(pk))
        if article is None:
            raise Http404("There is no such story.")
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        return article
