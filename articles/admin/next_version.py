"""The next version of a live story on its screen: kept instead of saved, looked at, made live, or dropped."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone

from articles.admin import carried
from articles.admin.conflicts import posted, rewritten
from articles.admin.moment import ZonedSplitDateTime, type_in
from articles.admin.shown_again import as_posted, show_again
from articles.editing.diff import changes
from articles.editing.next_version import OF_THE_LIVE_STORY, drop, go_live, keep_next, with_live
from articles.editing.snapshot import opened, take
from articles.http.numbers import number_in
from articles.models import Article, Byline, NextVersion
from articles.workflow import MoveRefused


class NextVersionMixin:
    """One more address of the story screen, and one more button."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.next_version_view)
        return [path("<int:pk>/next/", view, name="articles_article_next"), *super().get_urls()]

    def next_version_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST `live`: it goes live now. POST `drop`: it is dropped. Both say which one was looked at."""
        article = self.get_object(request, str(pk))
        if article is None or request.method != "POST":
            raise Http404("There is no such story.")
        if not (self.has_change_permission(request, article) and self.has_publish_permission(request)):
            raise PermissionDenied
        verb = "drop" if "drop" in request.POST else "live"
        seen, mark = number_in(request.POST.get(verb, "")), request.POST.get("mark", "")
        try:
            if verb == "drop":
                drop(article, request.user, seen=seen, mark=mark)
                done = "The next version is dropped. It stays in the history."
            else:
                go_live(article, request.user, seen=seen, mark=mark)
                done = "The next version is live: readers see it now."
        except (MoveRefused, ValidationError) as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
        else:
            self.message_user(request, done, messages.SUCCESS)
        return redirect("admin:articles_article_change", article.pk)

    def next_version_context(self, request: HttpRequest, article: Article | None) -> dict:
        waiting = NextVersion.objects.waiting_for(article) if article else None
        if waiting is None or not self.has_publish_permission(request):
            return {}
        return {
            "waiting": waiting,
            "editing_next": waiting.version.is_read_as(
                number_in(request.POST.get(carried.VERSION, "")), request.POST.get(carried.MARK, "")
            )
            or request.POST.get(carried.MAKES_LIVE) == str(waiting.version.number),
            "next_changes": changes(take(article), with_live(waiting).result) if request.method == "GET" else [],
        }

    def show_next(self, request: HttpRequest, article: Article) -> None:
        """Make the request one that shows the form with the next version."""
        if waiting := NextVersion.objects.waiting_for(article):
            plain = [
                inline.get_formset(request, article)(instance=article, queryset=inline.get_queryset(request))
                for inline in self.get_inline_instances(request, article)
            ]
            data = rewritten(as_posted(plain), article, opened(waiting.version), waiting.version)
            data["publish_as"], data["correction"] = waiting.publish_as, waiting.correction
            type_in(data, "goes_live_at", waiting.due_at)
            show_again(request, data)

    def keep_or_save(self, request: HttpRequest, article: Article) -> None:
        """Only what readers see has a next version; whatever else was to be kept as one is simply saved."""
        if article.is_public() and self.has_publish_permission(request):
            return
        data, told, step = request.POST.copy(), [], carried.by(request)
        time = [f"goes_live_at{end}" for end in ZonedSplitDateTime().widgets_names]
        # The form that comes back has no such field: what is wrong with it would be said nowhere.
        left_out = [(name, values[-1]) for name in (carried.KEEP, *time) if (values := data.pop(name, None))]
        if any(name == carried.KEEP for name, _ in left_out):
            told.append("Readers cannot see this story: it has been saved, not kept apart.")
        if any(value for name, value in left_out if name != carried.KEEP):
            told.append("The time at which it was to go live is not kept.")
        if told:
            request.POST, step.not_apart, step.left_out = data, " ".join(told), left_out

    def keep(self, request: HttpRequest, form, formsets) -> bool:
        """Keep the form as the next version; False when its editor has not seen the last of it."""
        article: Article = form.instance
        content = posted(self, request, article)
        assert content is not None  # the form is valid
        data = form.cleaned_data
        try:
            kept = keep_next(
                article, content, request.user, seen=data.get(carried.VERSION) or 0, live=carried.by(request).live_seen,
                due_at=data.get("goes_live_at"), publish_as=data.get("publish_as", ""),
                correction=data.get("correction", ""), reason=data.get("note", ""),
            )  # fmt: skip
        except MoveRefused:
            return False  # withdrawn in this moment: `keep_or_save` looks again
        if kept is None:
            return False
        live = opened(kept.version.parent)  # the object at hand holds what was typed
        if any(content[name] != live[name] for name in OF_THE_LIVE_STORY):
            self.message_user(
                request, "Publication time and embargo are the live story's: they stay as they were.", messages.WARNING
            )
        # What is no part of a version (how the story may be commented on) takes effect at once, as always.
        for formset in formsets:
            if formset.model is not Byline:
                self.save_formset(request, form, formset, change=True)
        return True

    def construct_change_message(self, request: HttpRequest, form, formsets, add=False):
        if carried.KEEP in request.POST:
            return "Kept the next version."
        return super().construct_change_message(request, form, formsets, add)

    def response_change(self, request: HttpRequest, obj: Article) -> HttpResponse:
        if carried.KEEP not in request.POST:
            if told := carried.by(request).not_apart:
                self.message_user(request, told, messages.WARNING)
            return super().response_change(request, obj)
        waiting = NextVersion.objects.waiting_for(obj)
        when = "when you say so"
        if waiting and waiting.due_at:
            when = f"{timezone.localtime(waiting.due_at):on %a %-d %b %Y, %H:%M %Z}"
        self.message_user(
            request,
            f"Kept as the next version. Readers see the story as it was; this goes live {when}.",
            messages.SUCCESS,
        )
        url = reverse("admin:articles_article_change", args=[obj.pk])
        return HttpResponseRedirect(f"{url}?{carried.EDITING}=yes")
