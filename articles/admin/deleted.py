"""Deleted stories, and the way back."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path

from articles.editing.deleted import deleted, recover
from articles.http.numbers import number_in

SHOWN = 100


class DeletedMixin:
    """One more address of the list of stories."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.deleted_view)
        return [path("deleted/", view, name="articles_article_deleted"), *super().get_urls()]

    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        """The stories that were deleted last; POST `recover`: the number of one."""
        if not (self.has_publish_permission(request) and self.has_delete_permission(request)):
            raise PermissionDenied
        if number := number_in(request.POST.get("recover", "")):
            article = recover(number, request.user)
            self.message_user(request, f"“{article}” is a draft again, with its history.", messages.SUCCESS)
            return redirect("admin:articles_article_change", article.pk)
        context = {"title": "Deleted stories", "opts": self.opts, "media": self.media, "versions": deleted()[:SHOWN]}
        template = "admin/articles/article/deleted.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)
