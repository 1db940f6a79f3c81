"""Sections at the desk, and their order: by dragging, or by a button a row."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html

from articles.admin.goes_along import GoesAlongMixin
from articles.admin.in_use import InUseMixin
from articles.admin.uncounted import CountUpTo, UncountedAdmin, as_counted
from articles.http.numbers import number_in
from articles.models import Article, FrontPageStory, Section
from articles.models.section import OrderedMeanwhile
from articles.workflow import Status

LIST, ORDER = "admin:articles_section_changelist", "admin:articles_section_order"
CONFLICT = 409


@admin.register(Section)
class SectionAdmin(InUseMixin, GoesAlongMixin, UncountedAdmin):
    list_display = ["name", "swatch", "stories", "description"]
    list_display_links = ["name"]
    # The order in which they stand is the paper's, and there is no other.
    sortable_by: list[str] = []
    list_per_page = 500
    search_fields = ["name"]
    fields = ["name", "slug", "description", "colour"]
    prepopulated_fields = {"slug": ["name"]}
    ordering = Section._meta.ordering
    goes_along = (FrontPageStory,)
    change_list_template = "admin/articles/section/change_list.html"

    class Media:
        css = {"all": ["css/desk/desk.css"]}
        js = ["js/desk/sections.js"]

    def get_urls(self):
        view = self.admin_site.admin_view(self.order_view)
        return [path("order/", view, name="articles_section_order"), *super().get_urls()]

    def get_queryset(self, request):
        published = Article.objects.filter(section=OuterRef("pk"), status=Status.PUBLISHED)
        return super().get_queryset(request).annotate(story_count=CountUpTo(published))

    def save_model(self, request: HttpRequest, obj: Section, form, change: bool) -> None:
        if not change:
            obj.order = Section.objects.next_order()
        super().save_model(request, obj, form, change)

    # --- The order ----------------------------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest):
        return ["place", *self.list_display] if self._arranges(request) else self.list_display

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        return super().changelist_view(request, {"arranges": self._arranges(request)} | (extra_context or {}))

    def order_view(self, request: HttpRequest) -> HttpResponse:
        """POST `seen`, the numbers of all sections as the page showed them, with `up` or `down`, the number of one to move
        by a step, or `move` and `index`. Where they stand in another order by now nothing is moved, and the answer is 409.
        """
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect(LIST)
        seen = [number_in(part) for part in request.POST.get("seen", "").split(",")]
        verb = next((name for name in ("up", "down", "move") if name in request.POST), "")
        pk = number_in(request.POST.get(verb, ""))
        if pk not in seen:
            raise Http404("There is no such section.")
        step = {"up": -1, "down": 1}
        index = seen.index(pk) + step[verb] if verb in step else number_in(request.POST.get("index", ""))
        try:
            order = Section.objects.move(pk, index, seen=seen)
        except OrderedMeanwhile as refusal:
            return self._refuse(request, str(refusal))
        told = f"“{Section.objects.get(pk=pk)}” is number {order.index(pk) + 1} of {len(order)}."
        self.message_user(request, told, messages.SUCCESS)
        # The keyboard stays where it was: on the button of the row that has moved.
        return redirect(reverse(LIST) + (f"#{verb}-{pk}" if verb in step else ""))

    def _refuse(self, request: HttpRequest, refusal: str) -> HttpResponse:
        """The list as it is now, under what is to be said."""
        request.method = "GET"
        response = self.changelist_view(request, {"refusal": refusal})
        response.status_code = CONFLICT
        return response

    def _arranges(self, request: HttpRequest) -> bool:
        """Whether this list shows all sections, in their order, to somebody who may change it."""
        return not request.GET and self.has_change_permission(request)

    # --- Columns ------------------------------------------------------------------------------------------------------

    @admin.display(description="order")
    def place(self, section: Section):
        return format_html(
            '<span class="section-place" data-place="{pk}"><span class="section-handle" aria-hidden="true">⠿</span>'
            '<button type="submit" name="up" value="{pk}" id="up-{pk}" formaction="{url}" aria-label="Move {name} up">↑</button>'
            '<button type="submit" name="down" value="{pk}" id="down-{pk}" formaction="{url}" aria-label="Move {name} down">↓'
            "</button></span>",
            pk=section.pk, name=section.name, url=reverse(ORDER),
        )  # fmt: skip

    @admin.display(description="colour")
    def swatch(self, section: Section):
        return format_html(
            '<span class="swatch" data-colour="{}">{}</span>', section.colour, section.get_colour_display()
        )

    @admin.display(description="published stories")
    def stories(self, section: Section) -> str:
        return as_counted(section.story_count)
