from django.contrib import admin
from django.db.models import OuterRef
from taggit.models import Tag as TaggitTag

from articles.admin.uncounted import CountUpTo, UncountedAdmin, as_counted
from articles.models import Tag, TaggedArticle

admin.site.unregister(TaggitTag)


@admin.register(Tag)
class TagAdmin(UncountedAdmin):
    list_display = ["name", "slug", "stories"]
    ordering = ["name"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug"]

    def get_queryset(self, request):
        of_tag = TaggedArticle.objects.filter(tag=OuterRef("pk"))
        return super().get_queryset(request).annotate(story_count=CountUpTo(of_tag))

    @admin.display(description="stories")
    def stories(self, tag: Tag) -> str:
        return as_counted(tag.story_count)
