from __future__ import annotations

import datetime

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from adverts.models import Booking, Placement, Sponsor, State


class StateFilter(admin.SimpleListFilter):
    title = "status"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return State.choices

    def queryset(self, request, queryset):
        match self.value():
            case State.COMING:
                return queryset.coming()
            case State.RUNNING:
                return queryset.running()
            case State.ENDED:
                return queryset.ended()
        return queryset


class BookingForm(forms.ModelForm):
    def clean(self):
        super().clean()
        if self.cleaned_data.get("placement") == Placement.FRONT_PAGE and self.cleaned_data.get("sections"):
            self.add_error("sections", "The front page belongs to no section: leave this empty.")


@admin.register(Booking)
class BookingAdmin(admin.ModelAdmin):
    show_full_result_count = False
    form = BookingForm
    list_display = ["thumbnail", "advert", "status", "place", "period", "weight"]
    list_display_links = ["advert"]  # a picture alone would be a link without a name
    list_filter = [StateFilter, "placement", ("sponsor", admin.RelatedOnlyFieldListFilter), "sections"]
    list_select_related = ["sponsor", "picture"]
    search_fields = ["headline", "text", "sponsor__name"]
    ordering = ["-starts_at", "-pk"]
    autocomplete_fields = ["sponsor", "picture", "sections"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    save_as = True
    fieldsets = [
        ("Who and where", {"fields": ["sponsor", "placement", "sections"]}),
        ("What readers see", {"fields": ["headline", "text", "call_to_action", "picture", "url"]}),
        ("When, and how often", {"fields": ["starts_at", "ends_at", "weight"]}),
    ]

    class Media:
        css = {"all": ["css/desk/desk.css", "css/desk/adverts.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Booking]:
        return super().get_queryset(request).prefetch_related("sections")

    @admin.display(description="picture")
    def thumbnail(self, booking: Booking) -> str:
        if not booking.picture:
            return "–"
        url = booking.picture.thumbnail_url()
        return format_html('<img class="desk-thumbnail" src="{}" width="80" height="80" alt="" loading="lazy">', url)

    @admin.display(ordering="headline")
    def advert(self, booking: Booking) -> str:
        return format_html("{}<br><small>{}</small>", booking, booking.sponsor)

    @admin.display(ordering="ends_at")
    def status(self, booking: Booking) -> str:
        state = booking.state()
        return format_html('<span class="desk-state" data-state="{}">{}</span>', state.value, state.label)

    @admin.display(ordering="placement")
    def place(self, booking: Booking) -> str:
        sections = ", ".join(section.name for section in booking.sections.all())
        return format_html("{}<br><small>{}</small>", booking.get_placement_display(), sections or "all sections")

    @admin.display(description="from, until", ordering="starts_at")
    def period(self, booking: Booking) -> str:
        return format_html("{}<br>{}", *(_minute(moment) for moment in (booking.starts_at, booking.ends_at)))


def _minute(moment: datetime.datetime) -> str:
    return date_format(timezone.localtime(moment), "j M Y, H:i")


@admin.register(Sponsor)
class SponsorAdmin(admin.ModelAdmin):
    show_full_result_count = False
    list_display = ["name", "contact", "bookings"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sponsor]:
        return super().get_queryset(request).annotate(booking_count=Count("bookings"))

    @admin.display(ordering="booking_count")
    def bookings(self, sponsor: Sponsor) -> int:
        return sponsor.booking_count
