"""The front page at the desk: what stands where, arranged by dragging or by buttons, from a search of stories."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from articles import front_page, search
from articles.admin.moment import MomentField, ZonedSplitDateTime
from articles.admin.uncounted import UncountedAdmin
from articles.editing.preview import as_it_will_be
from articles.http.numbers import number_in
from articles.models import Article, FrontPageStory, Section
from articles.models.front_page import Slot
from articles.models.in_use import TEXTS
from articles.paging import Cursor
from articles.views.preview import guarded
from articles.workflow import Status

CANDIDATES, PAGE_SIZE = 20, 50
#: Of a form: what stood in each slot when its page was opened; of an address: the button that was pressed last.
SEEN, FOCUS = "seen", "focus"
#: Of an address: the first half of the moment at which the page is to be shown.
AT = "at_0"


@dataclass(frozen=True)
class Column:
    """One slot of the page; `key` is what its buttons and its drop zone send."""

    key: str
    heading: str
    size: int
    stories: list[FrontPageStory]
    without_place: dict[int, str] = field(default_factory=dict)

    @property
    def standing(self) -> str:
        return ",".join(str(row.pk) for row in self.stories)

    @property
    def rows(self) -> list[tuple[FrontPageStory, str]]:
        """What stands there, and why readers do not see it although it is its time; "" where they do."""
        return [(row, self.without_place.get(row.pk, "")) for row in self.stories]


class AtForm(forms.Form):
    at = MomentField(label="The page at")


@admin.register(FrontPageStory)
class FrontPageStoryAdmin(UncountedAdmin):
    fields = ["article", "slot", "section", "starts_at", "ends_at"]
    autocomplete_fields = ["article", "section"]
    formfield_overrides = {models.DateTimeField: {"form_class": MomentField, "widget": ZonedSplitDateTime}}

    class Media:
        css = {"all": ["css/desk/desk.css", "css/desk/front-page.css"]}
        js = ["js/desk/front-page.js"]

    def get_urls(self):
        return [
            path("at/", self.admin_site.admin_view(self.at_view), name="articles_frontpagestory_at"),
            path("was/", self.admin_site.admin_view(self.was_view), name="articles_frontpagestory_was"),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False  # it is taken off, and was there

    def has_change_permission(self, request: HttpRequest, obj: FrontPageStory | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj and obj.is_over())  # it is history

    def get_readonly_fields(self, request: HttpRequest, obj: FrontPageStory | None = None):
        """What has stood there has stood there: from its start on only its end is open."""
        return ["article", "slot", "section", "starts_at"] if obj and not obj.is_coming() else []

    def save_model(self, request: HttpRequest, obj: FrontPageStory, form, change: bool) -> None:
        if not change:
            obj.placed_by = request.user
        super().save_model(request, obj, form, change)
        if not change or {"slot", "section"} & set(form.changed_data):
            obj.move_to(request.user, None)
            self._warn(request, obj)

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            query = request.GET.copy()
            # The keyboard stays where it was: on the button of the row that has moved, or of the story that was put there.
            for passing in (FOCUS, AT, "at_1"):
                query.pop(passing, None)
            if pressed := self._act(request):
                query[FOCUS] = pressed
            return redirect(request.path + (f"?{query.urlencode()}" if query else ""))
        words = " ".join(request.GET.get("q", "").split())[:100]
        context = {
            "title": "Front page",
            "opts": self.opts,
            "media": self.media,
            "columns": (columns := self._columns()),
            "seen": ";".join(f"{column.key}={column.standing}" for column in columns),
            "focus": request.GET.get(FOCUS, ""),
            "candidates": self._candidates(words),
            "search": words,
            "at_form": _at_form(request),
            "may_arrange": self.has_change_permission(request),
        }
        template = "admin/articles/frontpagestory/desk.html"
        return TemplateResponse(
            request, template, self.admin_site.each_context(request) | context | (extra_context or {})
        )

    def at_view(self, request: HttpRequest) -> HttpResponse:
        """The front page as readers will see it at `?at=`, as far as it is known now."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = AtForm(request.GET)
        if not form.is_valid():
            return redirect(f"{reverse('admin:articles_frontpagestory_changelist')}?{request.GET.urlencode()}")
        moment = form.cleaned_data["at"]
        context = vars(as_it_will_be(front_page.compose(moment), moment)) | {"canonical_url": "", "shown_at": moment}
        return guarded(render(request, "articles/front.html", context))

    def was_view(self, request: HttpRequest) -> HttpResponse:
        """What stood where, the latest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        over = FrontPageStory.objects.over().select_related("article", "section", "placed_by", "ended_by")
        before = request.GET.get("before", "")
        if before:
            cursor = Cursor.read(before)
            over = over.filter(ends_at__lte=cursor.publish_at).exclude(ends_at=cursor.publish_at, pk__gte=cursor.pk)
        found = list(over.defer(*TEXTS).order_by("-ends_at", "-pk")[: PAGE_SIZE + 1])
        stories = found[:PAGE_SIZE]
        context = {
            "title": "What stood on the front page",
            "opts": self.opts,
            "media": self.media,
            "stories": stories,
            "older": Cursor(stories[-1].ends_at, stories[-1].pk) if len(found) > PAGE_SIZE else None,
        }
        template = "admin/articles/frontpagestory/was.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _act(self, request: HttpRequest) -> str:
        """One press or drop: `off`, or `put` a story or `move` a row to a slot, at an index or one step up or down.

        The button on which the keyboard stays, if it does. Refused where a slot has changed since the page was opened.
        """
        data = request.POST
        try:
            with transaction.atomic():
                # Whoever arranges waits for whoever is at it.
                list(FrontPageStory.objects.not_over().select_for_update().order_by("pk").values_list("pk"))
                return self._arrange(request, data)
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
        return ""

    def _arrange(self, request: HttpRequest, data) -> str:
        if "put" in data:
            article = get_object_or_404(Article.objects.seen_by(request.user), pk=number_in(data["put"]))
            slot, section = _slot(data.get("slot", ""))
            self._check_seen(data, data["slot"])
            placed = FrontPageStory.objects.put(article, request.user, slot, section, index=_index(data))
            if not self._warn(request, placed):
                where = "On the front page" if article.is_public() else "On the front page once readers may see it"
                self.message_user(request, f"{where}: {placed}.", messages.SUCCESS)
            return f"put-{article.pk}"
        verb = next((name for name in ("off", "move", "up", "down") if name in data), "")
        row = self._row(data, number_in(data.get(verb, "")))
        self._check_seen(data, _key(row))
        if verb == "off":
            row.take_off(request.user)
            self.message_user(request, f"Taken off: {row}.", messages.SUCCESS)
        elif verb == "move":
            slot, section = _slot(data.get("slot", ""))
            self._check_seen(data, data["slot"])
            self._warn(request, row.move(request.user, slot, section, _index(data)))
        else:
            row.step(request.user, 1 if verb == "down" else -1)
            return f"{verb}-{row.pk}"
        return ""

    def _row(self, data, number: int) -> FrontPageStory:
        """What a button stands beside. Refused where the page showed it and a colleague, or its end, was quicker."""
        if row := FrontPageStory.objects.not_over().filter(pk=number).first():
            return row
        if any(str(number) in standing.split(",") for standing in _seen(data).values()):
            raise ValidationError(
                "This story does not stand there any more: somebody has moved it or taken it off, or its time is over. "
                "Nothing was moved."
            )
        raise Http404("There is no such row.")

    def _check_seen(self, data, key: str) -> None:
        """Refuse where the slot is not as the page showed it. A form that does not say what it showed is not asked."""
        if SEEN not in data:
            return
        column = next((column for column in self._columns() if column.key == key), None)
        if column and _seen(data).get(key) != column.standing:
            there = ", ".join(f"“{row.article.list_headline}”" for row in column.stories) or "nothing by hand"
            raise ValidationError(
                f"Somebody else has changed “{column.heading}” since you opened this page. Nothing was moved. "
                f"What stands there now: {there}."
            )

    def _warn(self, request: HttpRequest, placed: FrontPageStory) -> bool:
        """Say so where a row that has just been put there has no place among what shows."""
        standing = FrontPageStory.objects.not_over().select_related("article", "section").defer(*TEXTS)
        why = "" if placed.is_coming() else _without_place(standing.order_by("order", "pk"), placed).get(placed.pk, "")
        if why:
            told = f"Readers do not see it there: {placed}. {why} Move it up, or take another off."
            self.message_user(request, told, messages.WARNING)
        return bool(why)

    def _columns(self) -> list[Column]:
        rows = FrontPageStory.objects.not_over().select_related("article__section", "article__lead_image", "section")
        by_key: dict[str, list[FrontPageStory]] = {}
        rows = rows.defer(*TEXTS).order_by("order", "pk")
        without_place = _without_place(rows)
        for row in rows:
            by_key.setdefault(_key(row), []).append(row)
        places = [(slot.value, slot.label, front_page.SIZES[slot]) for slot in (Slot.LEAD, Slot.SECONDARY)]
        places += [
            (f"{Slot.RAIL}:{section.pk}", section.name, front_page.SIZES[Slot.RAIL])
            for section in Section.objects.all()
        ]
        return [Column(key, heading, size, by_key.get(key, []), without_place) for key, heading, size in places]

    def _candidates(self, words: str) -> list[Article]:
        """What is public or scheduled, the newest first; with a search, those of them that have its words."""
        stories = Article.objects.filter(status=Status.PUBLISHED).for_lists(bylines=False).newest_first()
        if words:
            stories = search.among(stories, words)
        return list(stories[:CANDIDATES])


def _at_form(request: HttpRequest) -> AtForm:
    """With what was typed, where that was no moment; else twelve hours ahead."""
    if AT in request.GET:
        return AtForm(request.GET)
    return AtForm(initial={"at": timezone.now().replace(second=0) + datetime.timedelta(hours=12)})


def _without_place(rows: Iterable[FrontPageStory], placed: FrontPageStory | None = None) -> dict[int, str]:
    """Of what runs and readers may see, by key: why it does not show all the same. `placed` is asked about as if they might."""
    may_show = {
        row.pk: row
        for row in rows
        if not row.is_coming() and (row.article.is_public() or (placed and row.pk == placed.pk))
    }
    shown = list(
        front_page.with_a_place((row.slot, row.section_id, row.article_id, row.pk) for row in may_show.values())
    )
    places = {article: may_show[pk] for _, _, article, pk in shown}
    return {
        pk: f"It stands under “{stands.section or stands.get_slot_display()}” already."
        if (stands := places.get(row.article_id))
        else f"No place: only {front_page.SIZES[row.slot]} {'shows' if front_page.SIZES[row.slot] == 1 else 'show'}."
        for pk, row in may_show.items()
        if pk not in {pk for *_, pk in shown}
    }  # fmt: skip


def _seen(data) -> dict[str, str]:
    """What stood in each slot, by its key; nothing where the form does not say so."""
    return dict(part.partition("=")[::2] for part in data.get(SEEN, "").split(";"))


def _key(row: FrontPageStory) -> str:
    return f"{row.slot}:{row.section_id}" if row.slot == Slot.RAIL else row.slot


def _slot(key: str) -> tuple[str, Section | None]:
    slot, _, section = key.partition(":")
    if slot not in Slot.values:
        raise Http404("There is no such slot.")
    return slot, get_object_or_404(Section, pk=number_in(section)) if slot == Slot.RAIL else None


def _index(data) -> int | None:
    return number_in(data["index"]) if data.get("index", "").isdigit() else None
