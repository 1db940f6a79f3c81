"""The list of words and phrases, with a box that tells what a term would have caught."""

from __future__ import annotations

import datetime
import re
import time

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from articles.admin.uncounted import UncountedAdmin
from comments.models import Comment, Term
from comments.terms import Matcher

TRIED, SHOWN = 20_000, 50
#: Seconds: long texts are looked at until then.
TRIED_FOR = 2.0
WITHIN = datetime.timedelta(days=30)


class ManyForm(forms.Form):
    """Terms as they come from elsewhere: one a line."""

    phrases = forms.CharField(
        label="Terms, one a line", widget=forms.Textarea(attrs={"rows": 12, "class": "vLargeTextField"})
    )
    action = forms.ChoiceField(choices=Term.Action.choices)
    whole_words = forms.BooleanField(required=False, initial=True)

    def save(self, by) -> tuple[int, list[str]]:
        """How many are new, and the lines that were refused, with the reason."""
        added, refused = 0, []
        for line in self.cleaned_data["phrases"].splitlines():
            term = Term(
                phrase=line,
                action=self.cleaned_data["action"],
                whole_words=self.cleaned_data["whole_words"],
                made_by=by,
            )
            if not line.strip():
                continue
            try:
                term.full_clean()
            except forms.ValidationError as error:
                refused.append(f"{line.strip()}: {' '.join(error.messages)}")
            else:
                term.save()
                added += 1
        return added, refused


def tried(term: Term) -> dict[str, object]:
    """What it would have caught among the comments of the last 30 days: newest first, the first SHOWN to read.

    It looks at TRIED comments and for TRIED_FOR at most; `is_cut` says whether there are more.
    """
    matcher, until = Matcher((term,)), time.monotonic() + TRIED_FOR
    recent = Comment.objects.filter(created_at__gt=timezone.now() - WITHIN).order_by("-created_at", "-pk")
    looked_at, caught, is_cut = 0, 0, False
    shown: list[tuple[Comment, SafeString]] = []
    for comment in recent.only("name", "body", "status", "created_at")[: TRIED + 1].iterator(chunk_size=500):
        if looked_at == TRIED or time.monotonic() > until:
            is_cut = True
            break
        looked_at += 1
        if matcher.found_in(f"{comment.name}\n{comment.body}"):
            caught += 1
            if len(shown) < SHOWN:
                shown.append((comment, marked(comment.body, term.phrase)))
    return {"looked_at": looked_at, "caught": caught, "shown": shown, "is_cut": is_cut}


def marked(text: str, phrase: str) -> SafeString:
    """The text with the phrase marked, where it stands there undisguised."""
    parts = re.split(f"({re.escape(phrase)})", text, flags=re.IGNORECASE)
    return mark_safe("".join(f"<mark>{escape(part)}</mark>" if n % 2 else escape(part) for n, part in enumerate(parts)))


@admin.register(Term)
class TermAdmin(UncountedAdmin):
    list_display = ["phrase", "action", "whole_words", "note", "made_by", "changed_at"]
    list_filter = ["action", "whole_words"]
    list_select_related = ["made_by"]
    search_fields = ["phrase", "note"]
    fields = ["phrase", "whole_words", "action", "note"]
    change_form_template = "admin/comments/term/change_form.html"
    change_list_template = "admin/comments/term/change_list.html"

    class Media:
        css = {"all": ["css/desk/desk.css", "css/desk/queue.css"]}

    def get_urls(self):
        return [
            path("many/", self.admin_site.admin_view(self.many_view), name="comments_term_many"),
            *super().get_urls(),
        ]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.made_by = request.user
        super().save_model(request, obj, form, change)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """The button "Try it" shows the form again, as typed, with what the term would have caught."""
        if request.method == "POST" and "_try" in request.POST:
            if not (self.has_change_permission(request) or self.has_add_permission(request)):
                raise PermissionDenied
            term = Term(phrase=request.POST.get("phrase", "")[:120], whole_words="whole_words" in request.POST)
            term.phrase = " ".join(term.phrase.split())
            extra_context = (extra_context or {}) | {
                "tried": tried(term) if len(term.phrase) > 1 else None,
                "tried_term": term,
            }
            request = _as_shown_again(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_changeform_initial_data(self, request):
        return getattr(request, "typed", None) or super().get_changeform_initial_data(request)

    def get_object(self, request, object_id, from_field=None):
        term = super().get_object(request, object_id, from_field)
        for name, value in getattr(request, "typed", {}).items() if term else ():
            setattr(term, name, value)
        return term

    def many_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ManyForm(request.POST or None)
        refused: list[str] = []
        if request.method == "POST" and form.is_valid():
            added, refused = form.save(request.user)
            self.message_user(request, f"New terms: {added}.", messages.SUCCESS)
            if not refused:
                return redirect("admin:comments_term_changelist")
            lines = "\n".join(line.rpartition(": ")[0] for line in refused)
            form = ManyForm(initial=form.cleaned_data | {"phrases": lines})
        context = {
            "title": "Many terms at once",
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "refused": refused,
        }
        template = "admin/comments/term/many.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)


def _as_shown_again(request: HttpRequest) -> HttpRequest:
    request.typed = {
        "phrase": request.POST.get("phrase", ""),
        "whole_words": "whole_words" in request.POST,
        "action": request.POST.get("action", ""),
        "note": request.POST.get("note", ""),
    }
    request.method = "GET"
    return request
