from adminsortable2.admin import SortableAdminMixin
from django.contrib import admin
from django.db.models import Count, Q
from django.utils.html import format_html

from articles.models import Section
from articles.workflow import Status


@admin.register(Section)
class SectionAdmin(SortableAdminMixin, admin.ModelAdmin):
    list_display = ["name", "swatch", "stories", "description"]
    search_fields = ["name"]
    fields = ["name", "slug", "description", "colour"]
    prepopulated_fields = {"slug": ["name"]}
    ordering = ["order"]

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(story_count=Count("articles", filter=Q(articles__status=Status.PUBLISHED)))
        )

    @admin.display(description="colour", ordering="colour")
    def swatch(self, section: Section):
        return format_html(
            '<span class="swatch" data-colour="{}">{}</span>', section.colour, section.get_colour_display()
        )

    @admin.display(description="published stories", ordering="story_count")
    def stories(self, section: Section) -> int:
        return section.story_count

    class Media:
        css = {"all": ["css/desk/desk.css"]}
