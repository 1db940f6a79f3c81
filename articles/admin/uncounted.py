"""Lists of the desk that cost the same at any size: nobody counts a million rows in order to show fifty."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import F, IntegerField, QuerySet, Subquery
from django.http import HttpRequest

#: Nobody pages or counts further: what is older is found by filters and by search.
LIMIT = 1_000


class UncountedPaginator(Paginator):
    """For tables too large to count: says "there is more" as long as the page is full, and never more than LIMIT rows."""

    @cached_property
    def found(self) -> int:
        return len(self.object_list.values_list("pk")[: LIMIT + 1])

    @cached_property
    def count(self) -> int:
        return min(self.found, LIMIT)

    @property
    def is_cut(self) -> bool:
        """Whether there are rows beyond what can be paged through."""
        return self.found > LIMIT


class IndexedChangeList(ChangeList):
    """Sorted by what has an index, also by an address that asks for another order: Django takes the links away, and no more."""

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        asked = {column.lstrip("-") for column in self.params.get(ORDER_VAR, "").split(".")}
        if asked.isdisjoint(str(place) for place, name in enumerate(self.list_display) if self._is_sortable(name)):
            self.params.pop(ORDER_VAR, None)
        return super().get_ordering(request, queryset)

    def get_ordering_field(self, field_name: Any) -> Any:
        return super().get_ordering_field(field_name) if self._is_sortable(field_name) else None

    def _is_sortable(self, name: Any) -> bool:
        return name in (self.sortable_by or ())


class UncountedAdmin(admin.ModelAdmin):
    """A list that counts nothing. Its order, and what it can be sorted by, follow an index, unless its table stays small."""

    paginator = UncountedPaginator
    show_full_result_count = False
    # Counts beside each filter would look at every row.
    show_facets = admin.ShowFacets.NEVER

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return IndexedChangeList


class CountUpTo(Subquery):
    """How many rows a queryset with an OuterRef has, as far as LIMIT + 1; `as_counted` says it."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.order_by().annotate(one=F("pk")).values("one")[: LIMIT + 1])


def as_counted(number: int) -> str:
    return f"{LIMIT:,}+" if number > LIMIT else f"{number:,}"
