"""Lists of the desk that cost the same at any size: nobody counts a million rows in order to show fifty."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import F, IntegerField, QuerySet, Subquery

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


class UncountedAdmin(admin.ModelAdmin):
    """A list that counts nothing. Its order, and what it can be sorted by, follow an index, unless its table stays small."""

    paginator = UncountedPaginator
    show_full_result_count = False
    # Counts beside each filter would look at every row.
    show_facets = admin.ShowFacets.NEVER


class CountUpTo(Subquery):
    """How many rows a queryset with an OuterRef has, as far as LIMIT + 1; `as_counted` says it."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet[Any]) -> None:
        super().__init__(rows.order_by().annotate(one=F("pk")).values("one")[: LIMIT + 1])


def as_counted(number: int) -> str:
    return f"{LIMIT:,}+" if number > LIMIT else f"{number:,}"
