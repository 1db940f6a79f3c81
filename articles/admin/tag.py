from django.contrib import admin
from django.db.models import Count
from taggit.models import Tag as TaggitTag

from articles.models import Tag

admin.site.unregister(TaggitTag)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "stories"]
    ordering = ["name"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug"]

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(story_count=Count("tagged_articles"))

    @admin.display(description="stories", ordering="story_count")
    def stories(self, tag: Tag) -> int:
        return tag.story_count
