"""Unsaved text is kept on the server as a private copy, one for each opened form, and offered again to who typed it."""

from __future__ import annotations

import json
import re
import secrets

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import escape

from articles import body, newsroom_time
from articles.admin import carried
from articles.admin.conflicts import posted
from articles.admin.shown_again import show_again
from articles.editing.snapshot import is_same, take
from articles.http.numbers import number_in
from articles.models import Article, Autosave, SentForm, Version
from articles.models.autosave import MANY
from articles.workflow import available

MOST = 2 * 2**20
FULL = f"You have {MANY} texts that were typed and not saved, which is as many as are kept. Save some of them, or forget them."
SLOT_IS = re.compile(r"[\w-]{1,32}", re.ASCII)
#: What is shown, beside the text, of a copy that cannot be saved any more.
WORDS = (
    "headline", "short_headline", "standfirst", "dateline", "search_title", "search_description", "correction", "note",
)  # fmt: skip
SHOWN = 20


class AutosaveMixin:
    """Two more addresses of the story screen, and its form filled with what was not saved."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.autosave_view)
        return [
            path("add/autosave/", view, name="articles_article_autosave_new"),
            path("<int:pk>/autosave/", view, name="articles_article_autosave"),
            *super().get_urls(),
        ]

    def autosave_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """POST the form: kept, answers when; `may_save` says whether its story still takes it, and `links` [(label, address)] where
        to go on if not. POST `discard`: forgotten.

        Kept also for who may not save any more, because the story was published or deleted meanwhile: it is their text.
        """
        article, refusal = self._autosaved_story(request, pk)
        if request.method != "POST":
            raise Http404("There is nothing to look at here.")
        if "discard" in request.POST:
            Autosave.objects.of(request.user, article).filter(pk=number_in(request.POST["discard"])).delete()
            return redirect(_form(article))
        typist = request.POST.get(carried.TYPIST, "")
        if typist and typist != request.user.get_username():
            # Another has logged in beside the open page: what was typed is not theirs.
            return JsonResponse({"message": f"This was typed by {typist}, who is not logged in."}, status=409)
        if Autosave.objects.has_no_room(request.user, _slot(request), pk):
            return JsonResponse({"message": FULL}, status=413)
        copy = self._keep_copy(request, pk)
        if not copy:
            return JsonResponse({"message": "This is too long to be kept as a copy."}, status=413)
        now = newsroom_time.local(timezone.now())
        links = []
        if refusal:
            links.append(("Open my copy", _copy_in(article, copy)))
            if article is None and self.may_recover(request):
                links.append(("Deleted stories", reverse("admin:articles_article_deleted")))
        return JsonResponse({"saved_at": f"{now:%H:%M}", "may_save": not refusal, "message": refusal, "links": links})

    def set_aside(self, request: HttpRequest, object_id: str | None, article: Article | None) -> HttpResponse | None:
        """Where the story does not take what was typed any more, it is kept, and shown so that it can be copied; else None.

        Who only looks is shown what has been kept.
        """
        if article:
            if self.has_change_permission(request, article) or not self._may_keep(request, article):
                return None
            if request.method == "GET":
                return self._render_copy(request, article)
            told = f"{self._refusal(article)} It has not been saved in the story."
            return _lead_to(request, article, self._keep_copy(request, article.pk), told)
        pk = number_in(unquote(object_id)) if object_id else 0
        if not (pk and self._was_deleted(request, pk)):
            return None
        told = f"{self._refusal(None)} Save it as a new story, or have the old one recovered."
        if request.method == "POST":
            return _lead_to(request, None, self._keep_copy(request, pk), told)
        copy = self._asked_for(request, Autosave.objects.of(request.user, None).filter(story=pk))
        return _lead_to(request, None, copy, told) if copy else None

    def autosave_context(self, request: HttpRequest, article: Article | None) -> dict:
        """For the form: its slot, and what was typed earlier and not saved."""
        showing = carried.by(request).unsaved
        slot = showing.slot if showing else request.POST.get(carried.SLOT, "")
        copies = Autosave.objects.of(request.user, article)[:SHOWN] if request.method == "GET" else []
        return {
            "slot": slot if SLOT_IS.fullmatch(slot) else secrets.token_urlsafe(9),
            "showing_unsaved": showing,
            "unsaved": list(copies),
        }

    def note_sent(self, request: HttpRequest, article: Article) -> None:
        """Raises IntegrityError where the same form has made another story in this moment."""
        if slot := _slot(request):
            SentForm.objects.note(request.user, slot, article.pk)

    def sent_again(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """Of a new story's form that has made its story already: that story, with what else has been typed since; else None."""
        if object_id:
            return None
        sent = SentForm.objects.filter(user=request.user, slot=request.POST.get(carried.SLOT, ""))
        article = Article.objects.filter(pk__in=sent.values("story")).first()
        if article is None or not self.has_view_permission(request, article):
            return None
        moves = {move.name: move.label for move in available(article, request.user)}
        move = moves.get(request.POST.get(carried.MOVE, ""))
        if not move and self._says_the_same(request, article):
            return redirect(_form(article))
        copy = self._keep_copy(request, article.pk)
        self.forget_unsaved(request, article, was_new=True)
        undone = f" “{move}” has not been done." if move else ""
        told = f"This form has been saved before. What you have typed since is not saved yet.{undone}"
        return _lead_to(request, article, copy, told)

    def _says_the_same(self, request: HttpRequest, article: Article) -> bool:
        typed, stored = posted(self, request, article), take(article)
        # Left empty, the time is set by publishing; so is the address, in which `posted` says so.
        if typed is None:
            return False
        return is_same(typed | {"publish_at": typed["publish_at"] or stored["publish_at"]}, stored)

    def forget_unsaved(self, request: HttpRequest, article: Article, *, was_new: bool) -> None:
        """It has been saved: what was kept of this form in case it was not has served."""
        slot = request.POST.get(carried.SLOT, "")
        Autosave.objects.of(request.user, None if was_new else article).filter(slot=slot).delete()

    def show_unsaved(self, request: HttpRequest, article: Article | None) -> None:
        """Make the request one that shows the form with the unsaved text; `?unsaved=` its number, else the newest."""
        if article and not self.has_change_permission(request, article):
            return
        if copy := self._asked_for(request, Autosave.objects.of(request.user, article)):
            data = QueryDict(mutable=True)
            for name, values in copy.data.items():
                data.setlist(name, values)
            show_again(request, data if article else _as_new(data))
            carried.by(request).unsaved = copy

    def _asked_for(self, request: HttpRequest, copies: QuerySet[Autosave]) -> Autosave | None:
        # None also for one that has been saved since: the address outlives it.
        number = number_in(request.GET[carried.UNSAVED])
        return (copies.filter(pk=number) if number else copies).first()

    def _render_copy(self, request: HttpRequest, article: Article) -> HttpResponse:
        copy = self._asked_for(request, Autosave.objects.of(request.user, article))
        values = {name: values[0] for name, values in copy.data.items() if values} if copy else {}
        context = {
            "title": "What you typed and have not saved",
            "opts": self.opts,
            "media": self.media,
            "article": article,
            "copy": copy,
            "why": self._refusal(article),
            "words": [(name.replace("_", " "), values[name]) for name in WORDS if values.get(name)],
            "body": _readable(values.get("body", "")),
        }
        template = "admin/articles/article/unsaved.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _keep_copy(self, request: HttpRequest, pk: int | None) -> Autosave | None:
        """Keep the posted form; None when it is too much."""
        data = {
            # PostgreSQL keeps no NUL in a text, and nobody has typed one.
            name: [value.replace("\x00", "") for value in values]
            for name, values in request.POST.lists()
            if not name.startswith(carried.OF_ONE_SENDING)
        }
        if len(json.dumps(data)) > MOST:
            return None
        typed_at = number_in(request.POST.get(carried.TYPED_AT, ""))
        return Autosave.objects.keep(request.user, _slot(request), pk, data, typed_at)

    def _autosaved_story(self, request: HttpRequest, pk: int | None) -> tuple[Article | None, str]:
        """The story, and why it takes nothing any more, if so. Raises Http404 and PermissionDenied."""
        article = self.get_object(request, str(pk)) if pk else None
        if pk and article is None:
            if not self._was_deleted(request, pk):
                raise Http404("There is no such story.")
            return None, self._refusal(None)
        if article is None:
            if not self.has_add_permission(request):
                raise PermissionDenied
            return None, ""
        if self.has_change_permission(request, article):
            return article, ""
        if not self._may_keep(request, article):
            raise PermissionDenied
        return article, self._refusal(article)

    def _may_keep(self, request: HttpRequest, article: Article) -> bool:
        """Who had begun a story keeps what they typed into it: they may have, until it went out."""
        is_theirs = article.created_by_id == request.user.pk
        return is_theirs and self.has_view_permission(request, article) and self.has_add_permission(request)

    def _was_deleted(self, request: HttpRequest, pk: int) -> bool:
        gone = Version.objects.filter(story=pk).exists() and not Article.objects.filter(pk=pk).exists()
        return gone and self.has_add_permission(request)

    def _refusal(self, article: Article | None) -> str:
        if article is None:
            return "This story has been deleted meanwhile. What you typed is kept as your private copy."
        return (
            f"This story is {article.state_label().lower()} now, and you may not change it any more. "
            "What you typed is kept as your private copy."
        )


def _slot(request: HttpRequest) -> str:
    slot = request.POST.get(carried.SLOT, "")
    return slot if SLOT_IS.fullmatch(slot) else ""


def _as_new(data: QueryDict) -> QueryDict:
    """The form of a new story with what was typed into an old one that is gone: its rows are none of the database."""
    for name in list(data):
        if name.endswith("-INITIAL_FORMS"):
            data[name] = "0"
        elif re.fullmatch(r".+-\d+-(id|article)", name):
            data[name] = ""
    data[carried.VERSION] = data[carried.MARK] = data[carried.MAKES_LIVE] = ""
    return data


def _form(article: Article | None) -> str:
    return (
        reverse("admin:articles_article_change", args=[article.pk])
        if article
        else reverse("admin:articles_article_add")
    )


def _lead_to(request: HttpRequest, article: Article | None, copy: Autosave | None, told: str) -> HttpResponse:
    """To the form with the copy in it; to the newest one where what was typed has been too much for another."""
    messages.warning(request, told)
    return redirect(_copy_in(article, copy))


def _copy_in(article: Article | None, copy: Autosave | None) -> str:
    return f"{_form(article)}?{carried.UNSAVED}={copy.pk if copy else 'yes'}"


def _readable(html: str) -> str:
    try:
        return body.sanitise(html)
    except ValidationError:  # as it was typed, then: it is there to be copied
        return escape(html)
