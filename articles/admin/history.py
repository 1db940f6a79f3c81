"""What a story was: its versions, what each has changed, and the way back; also for stories that were deleted."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from articles.editing.deleted import deleted, recover
from articles.editing.diff import changes
from articles.editing.next_version import note_conflicts
from articles.editing.snapshot import opened
from articles.http.numbers import number_in
from articles.models import Version
from articles.models.version import Kind

PAGE_SIZE = 50
#: So many of the stories that were deleted last.
SHOWN = 100


class HistoryMixin:
    """The history of a story, in place of Django's list of form saves; and one more address of the list of stories."""

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/history/<int:number>/", view(self.version_view), name="articles_article_version"),
            path("deleted/", view(self.deleted_view), name="articles_article_deleted"),
            *super().get_urls(),
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context=None) -> HttpResponse:
        article = self.get_object(request, object_id)
        if article is None:
            raise Http404("There is no such story.")
        self._check(request, article)
        versions = Version.objects.of(article).select_related("made_by").defer("content")
        if before := number_in(request.GET.get("before", "")):
            versions = versions.filter(number__lt=before)
        found = list(versions[: PAGE_SIZE + 1])
        context = {
            "versions": found[:PAGE_SIZE],
            "older": found[PAGE_SIZE - 1].number if len(found) > PAGE_SIZE else None,
        }
        return self._render_history(request, article, "history", context)

    def version_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """What one version has changed, against the one before it or `?against=`; POST restores it."""
        article = self.get_object(request, str(pk))
        if article is None:
            raise Http404("There is no such story.")
        self._check(request, article)
        versions = Version.objects.of(article).select_related("text", "made_by", "parent")
        version = get_object_or_404(versions, number=number)
        if request.method == "POST" and not version.is_read_as(number, request.POST.get("mark", "")):
            refusal = f"Version {number} is another one by now. Look at it again."
            self.message_user(request, refusal, messages.ERROR)
            return redirect(request.path)
        if request.method == "POST" and "withhold" in request.POST:
            if not self.has_publish_permission(request):
                raise PermissionDenied
            version.withhold(request.user, request.POST["withhold"] == "yes")
            return redirect(request.path)
        if request.method == "POST":
            try:
                seen, mark = number_in(request.POST.get("seen", "")), request.POST.get("seen_mark", "")
                restored = article.restore(version, request.user, seen=seen, mark=mark)
            except (ValidationError, PermissionDenied) as refusal:
                self.message_user(request, " ".join(getattr(refusal, "messages", [str(refusal)])), messages.ERROR)
            else:
                told = (
                    f"The story is as it was in version {number}." if restored else "Nothing differs: it is so already."
                )
                self.message_user(request, told, messages.SUCCESS)
                if parted := note_conflicts(article):
                    self.message_user(request, f"A next version waits. {parted}", messages.WARNING)
            return redirect(reverse("admin:articles_article_change", args=[article.pk]))
        against = number_in(request.GET.get("against", ""))
        wanted = against or number - 1
        if not against and version.parent:
            wanted = version.parent.number  # a next version was begun from one that may lie further back
        other = versions.filter(number=wanted).first()
        if other is None and not against:
            # The one before may have been pruned.
            other = versions.filter(number__lt=number).exclude(kind=Kind.NEXT).first()
        context = {
            "version": version,
            "other": other,
            "changes": changes(opened(other) if other else None, opened(version)),
            "may_withhold": settings.PUBLIC_VERSIONS and version.was_public and self.has_publish_permission(request),
            "latest": article.version,
            "latest_mark": Version.objects.marks([article]).get(article.pk, ""),
            "may_restore": number != article.version and self.has_change_permission(request, article),
        }
        return self._render_history(request, article, "version", context)

    def may_recover(self, request: HttpRequest) -> bool:
        return self.has_publish_permission(request) and self.has_delete_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        return super().changelist_view(request, {"may_recover": self.may_recover(request)} | (extra_context or {}))

    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        """The stories that were deleted last; POST `recover`: the number of one."""
        if not self.may_recover(request):
            raise PermissionDenied
        if number := number_in(request.POST.get("recover", "")):
            article = recover(number, request.user)
            self.message_user(request, f"“{article}” is a draft again, with its history.", messages.SUCCESS)
            return redirect("admin:articles_article_change", article.pk)
        context = {"title": "Deleted stories", "opts": self.opts, "media": self.media, "versions": deleted()[:SHOWN]}
        template = "admin/articles/article/deleted.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _check(self, request: HttpRequest, article) -> None:
        # What a story was is for those who may work on it: a reporter sees no colleague's drafts.
        if not self.has_change_permission(request, article):
            raise PermissionDenied

    def _render_history(self, request: HttpRequest, article, name: str, context: dict) -> HttpResponse:
        context |= {"title": f"History: {article}", "opts": self.opts, "media": self.media, "article": article}
        template = f"admin/articles/article/{name}.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)
