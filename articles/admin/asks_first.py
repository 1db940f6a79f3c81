"""Buttons say what will happen; where that is not what the form as it was sent would do, it is asked about first."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from articles import newsroom_time
from articles.admin import carried
from articles.admin.moment import type_in, typed_in
from articles.editing.preflight import JUST_NOW
from articles.models import Article
from articles.workflow import Status

if TYPE_CHECKING:
    from django.http import QueryDict

#: What decides where a form leads; the page that asks sends it again with one of these.
BUTTONS = (carried.MOVE, carried.SAVE, carried.CONTINUE, carried.ADD_ANOTHER)
WITHDRAW, NOW = "withdraw", "publish_now"


class AsksFirstMixin:
    """The labels of the buttons, an address that words them while a time is typed, and the page that asks."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.label_view)
        return [path("label/", view, name="articles_article_label"), *super().get_urls()]

    def label_view(self, request: HttpRequest) -> HttpResponse:
        """GET the two parts of a publication time: {"label", "said"} of the publishing button, or {"problem"}."""
        if not self.has_publish_permission(request):
            raise PermissionDenied
        try:
            moment = typed_in(request.GET, "publish_at")
        except ValidationError as refusal:
            return JsonResponse({"problem": " ".join(refusal.messages)})
        return JsonResponse({"label": publishing_label(moment), "said": said(moment)})

    def ask_first(self, request: HttpRequest, article: Article | None) -> HttpResponse | None:
        """The page that asks; None where nothing surprises, or what was typed is to be seen again."""
        if carried.ENTER in request.POST:
            request.POST = request.POST.copy()
            request.POST[carried.CONTINUE] = request.POST.pop(carried.ENTER)[0]
        data = request.POST
        if carried.KEEP in data:
            return None
        if carried.BACK in data:
            carried.by(request).only_looks = True  # the form as it was sent, and nothing is saved
            return None
        if data.get(carried.MOVE) == NOW:
            # Whatever has been typed there: its time is this moment.
            if article is not None:
                request.POST = data.copy()
                type_in(request.POST, "publish_at", article.publish_at)
            return None
        try:
            moment, embargo = typed_in(data, "publish_at"), typed_in(data, "embargo_until")
        except ValidationError:
            return None  # the form says so, beside the field
        refused = embargo is not None and (moment or timezone.now()) < embargo
        withdraws = data.get(carried.MOVE) == WITHDRAW
        answer = WITHDRAW if withdraws else _answer(moment)
        if refused or data.get(carried.SURE) == answer:
            return None
        if withdraws:
            sentence, label = self._loss(request, article)
        elif data.get(carried.MOVE) == "publish" and self.has_publish_permission(request):
            sentence, label = _surprise(moment, data)
        else:
            sentence, label = _surprise_of_saving(article, moment, data)
        if not sentence:
            return None
        button = next((name for name in BUTTONS if name in data), carried.SAVE)
        kept = [
            (name, value) for name, values in data.lists() for value in values
            if name not in {carried.CSRF, carried.SURE, carried.SAID, button} and not (withdraws and name == "note")
        ]  # fmt: skip
        context = {
            "title": "Is this what you want?",
            "opts": self.opts,
            "media": self.media,
            "article": article,
            "sentence": sentence,
            "label": label,
            "button": button,
            "value": data.get(button, "1"),
            "carries": carried,
            "kept": [*kept, (carried.SAID, said(moment)), (carried.SURE, answer)],
            "note": self.get_form(request, article, change=True)(data, instance=article)["note"] if withdraws else None,
        }
        template = "admin/articles/article/ask.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _loss(self, request: HttpRequest, article: Article | None) -> tuple[str, str]:
        """What readers lose where the story is withdrawn; "" where they have not got it, or it is not this person's to withdraw."""
        if article is None or not article.is_public() or not self.has_publish_permission(request):
            return "", ""
        return (
            "Readers see this story now. Withdrawn, it leaves every list at once, and its address says that it is gone, with the "
            "note below. What you have changed in the form is saved with it.",
            "Withdraw it",
        )


def publishing_label(moment: datetime.datetime | None) -> str:
    """What the publishing button does with a story of this publication time, in the newsroom's zone."""
    now = timezone.now()
    if moment is None:
        return "Publish now"
    if moment > now:
        return f"Schedule for {_told(moment)}"
    return f"Publish now, dated {_told(moment)}"


def said(moment: datetime.datetime | None) -> str:
    """The same for the form to send along: "" for now."""
    return moment.astimezone(datetime.UTC).replace(microsecond=0).isoformat() if moment else ""


def _surprise(moment: datetime.datetime | None, data: QueryDict) -> tuple[str, str]:
    """(what differs from what the button said, what publishing does); "" where nothing does."""
    now, label = timezone.now(), publishing_label(moment)
    if moment and moment < now - JUST_NOW:
        return (
            f"Its publication time, {_told(moment)}, has passed: it would be public at once, among the stories of that moment.",
            label,
        )
    if carried.SAID not in data or data[carried.SAID] == said(moment):
        return "", label
    if moment and moment > now:
        return f"It will not be public now: it appears by itself on {_told(moment)}.", label
    return "It will be public at once: no time to come is given any more.", label


def _surprise_of_saving(article: Article | None, moment: datetime.datetime | None, data: QueryDict) -> tuple[str, str]:
    """Saving alone publishes a scheduled story, or takes a public one out, where its time is moved over this moment."""
    if carried.MOVE in data or article is None or article.status != Status.PUBLISHED:
        return "", ""
    if not moment or not article.publish_at:
        return "", ""
    now = timezone.now()
    if article.publish_at > now >= moment:
        return (
            f"It is scheduled for {_told(article.publish_at)}; with this time readers see it at once.",
            "Save and publish now",
        )
    if article.publish_at <= now < moment:
        return (
            f"Readers see this story now. With this time it disappears, and comes back on {_told(moment)}.",
            f"Save, and hide it until {_told(moment)}",
        )
    return "", ""


def _answer(moment: datetime.datetime | None) -> str:
    return said(moment) or "now"


def _told(moment: datetime.datetime) -> str:
    local, today = map(newsroom_time.local, (moment, timezone.now()))
    return f"{local:%a %-d %b %H:%M %Z}" if local.year == today.year else f"{local:%a %-d %b %Y %H:%M %Z}"
