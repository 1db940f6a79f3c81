from __future__ import annotations

import datetime
import re

from django.contrib import admin
from django.http import HttpRequest

from articles.models import SitemapMonth
from articles.models.sitemap_month import bounds
from articles.workflow import Status

YEAR_OR_MONTH = re.compile(r"([12]\d{3})(?:-(0[1-9]|1[0-2]))?", re.ASCII)


class PublishedInFilter(admin.SimpleListFilter):
    """Stories by year, then by month. Which there are is read off the sitemap's months: nobody asks all stories for it.

    `?published=2026` or `?published=2026-03`; anything else is as if nothing was asked.
    """

    title = "publication"
    parameter_name = "published"

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        self.asked = YEAR_OR_MONTH.fullmatch(self.value() or "")

    @classmethod
    def is_asked(cls, request: HttpRequest) -> bool:
        """Whether a year or a month is asked for, by this filter's rules."""
        return bool(YEAR_OR_MONTH.fullmatch(request.GET.get(cls.parameter_name, "")))

    def lookups(self, request, model_admin):
        firsts = list(SitemapMonth.objects.filter(stories__gt=0).values_list("first", flat=True))
        shown = YEAR_OR_MONTH.fullmatch(request.GET.get(self.parameter_name, ""))
        year = int(shown[1]) if shown else None
        found = []
        for there in dict.fromkeys(first.year for first in firsts):
            found.append((f"{there}", f"{there}"))
            if there == year:
                found += [(f"{first:%Y-%m}", f"{first:%B %Y}") for first in firsts if first.year == year]
        return found

    def queryset(self, request, queryset):
        if not self.asked:
            return queryset
        year, month = self.asked.groups()
        starts_at, ends_at = bounds(datetime.date(int(year), int(month or 1), 1))
        if not month:
            ends_at = bounds(datetime.date(int(year), 12, 1))[1]
        return queryset.filter(status=Status.PUBLISHED, publish_at__gte=starts_at, publish_at__lt=ends_at)
