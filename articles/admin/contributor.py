from adminsortable2.admin import SortableAdminBase
from django.contrib import admin
from django.db import models

from articles.admin.in_use import InUseMixin
from articles.admin.inlines import PartInline
from articles.admin.uncounted import UncountedAdmin
from articles.models import Contributor, ContributorLink
from articles.templatetags.articles import picture


class ContributorLinkInline(PartInline):
    model = ContributorLink
    fields = ["label", "url", "order"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}


@admin.register(Contributor)
class ContributorAdmin(InUseMixin, SortableAdminBase, UncountedAdmin):
    list_display = ["portrait", "name", "job_title"]
    list_display_links = ["name"]  # a picture alone would be a link without a name
    list_select_related = ["photo"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["photo"]
    fields = ["name", "slug", "job_title", "biography", "photo"]
    inlines = [ContributorLinkInline]

    @admin.display(description="photo")
    def portrait(self, contributor: Contributor):
        return picture(contributor.photo, sizes="48px", crop="1:1", css_class="desk-thumbnail", alt="") or "–"

    class Media:
        css = {"all": ["css/desk/desk.css"]}
