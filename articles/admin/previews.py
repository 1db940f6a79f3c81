"""Previews of a story: for who is at the desk, and links for outsiders."""

from __future__ import annotations

import datetime
from typing import Any

from csp.constants import SELF
from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from articles.editing.snapshot import opened, take
from articles.http.numbers import number_in
from articles.models import Article, PreviewLink, Version
from articles.views.preview import show
from articles.workflow import PUBLISH

#: In CSS pixels; what a preview is shown in.
WIDTHS = {360: "Phone", 768: "Tablet", 1280: "Desktop"}


class LinkForm(forms.Form):
    name = forms.CharField(max_length=100, label="For", help_text="Whom you send it to: so you know which to end.")
    days = forms.IntegerField(min_value=1, max_value=30, initial=3, label="Days")
    shows = forms.ChoiceField(label="Shows", choices=PreviewLink.Shows, initial=PreviewLink.Shows.STORY)
    number = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=10**9,
        label="Version",
        help_text="Only for one version. Empty: the latest.",
    )

    def __init__(self, article: Article, user: User, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.article = article
        if not user.has_perm(PUBLISH):
            shows: Any = self.fields["shows"]
            shows.choices = [choice for choice in PreviewLink.Shows.choices if choice[0] != PreviewLink.Shows.NEXT]
        self.version: Version | None = None

    def clean(self):
        cleaned = super().clean()
        number, versions = cleaned.get("number"), Version.objects.of(self.article)
        if cleaned.get("shows") == PreviewLink.Shows.VERSION:
            self.version = (versions.filter(number=number) if number else versions.current(self.article)).first()
            if self.version is None:
                self.add_error("number", "There is no such version: look for its number in the history.")
        elif number:
            self.add_error("number", "Empty this, or choose “one version” beside it.")
        return cleaned


class PreviewMixin:
    """Three more addresses of a story's screen."""

    def get_urls(self):
        return [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"articles_article_{name}")
            for name, view in (("preview", self.preview_view), ("look", self.look_view), ("links", self.links_view))
        ] + super().get_urls()

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The story, or its `?version=`, as readers will see it; shown within a frame of the desk alone."""
        article = self._story(request, pk)
        version = self._version(request, article)
        response = show(request, article, opened(version) if version else take(article))
        response["X-Frame-Options"] = "SAMEORIGIN"
        response._csp_replace = {"frame-ancestors": [SELF]}
        return response

    def look_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The preview in a frame of `?width=` CSS pixels."""
        article = self._story(request, pk)
        version = self._version(request, article)
        width = request.GET.get("width", "")
        context = {
            "title": f"Preview: {article}",
            "opts": self.opts,
            "media": self.media,
            "article": article,
            "version": version,
            "width": next((known for known in WIDTHS if str(known) == width), next(iter(WIDTHS))),
            "widths": WIDTHS,
        }
        template = "admin/articles/article/look.html"
        response = TemplateResponse(request, template, self.admin_site.each_context(request) | context)
        response._csp_replace = {"frame-src": [SELF]}
        return response

    def links_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        article = self._story(request, pk)
        number = request.GET.get("version", "")
        pinned = {"shows": PreviewLink.Shows.VERSION, "number": number} if number else None
        form, address = (
            LinkForm(article, request.user, request.POST if "_make" in request.POST else None, initial=pinned),
            "",
        )
        if request.method == "POST" and (number := request.POST.get("_revoke", "")):
            link = get_object_or_404(article.preview_links, pk=number_in(number))
            link.revoke()
            return redirect(request.path)
        if form.is_bound and form.is_valid():
            data = form.cleaned_data
            _, token = PreviewLink.objects.issue(
                article, data["name"], request.user, lasts=datetime.timedelta(days=data["days"]), version=form.version,
                follows_next=data["shows"] == PreviewLink.Shows.NEXT,
            )  # fmt: skip
            address, form = settings.SITE_URL + reverse("preview", args=[token]), LinkForm(article, request.user)
        links = article.preview_links.select_related("made_by", "version").annotate(
            opened=Count("openings"), last_opened=Max("openings__opened_at")
        )
        context = {
            "title": f"Preview links: {article}", "opts": self.opts, "media": self.media, "article": article, "form": form,
            "address": address, "links": links,
        }  # fmt: skip
        template = "admin/articles/article/links.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _version(self, request: HttpRequest, article: Article) -> Version | None:
        """The one of `?version=`; None without it. Raises Http404."""
        if not (number := request.GET.get("version", "")):
            return None
        return get_object_or_404(Version.objects.of(article).select_related("text"), number=number_in(number))

    def _story(self, request: HttpRequest, pk: int) -> Article:
        article = self.get_object(request, str(pk))
        if article is None:
            raise Http404("There is no such story.")
        if not self.has_change_permission(request, article):
            raise PermissionDenied
        return article
