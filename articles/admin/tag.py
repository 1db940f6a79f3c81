from django import forms
from django.contrib import admin
from django.db.models import OuterRef
from taggit.models import Tag as TaggitTag

from articles.admin.uncounted import CountUpTo, UncountedAdmin, as_counted
from articles.models import Tag, TaggedArticle
from articles.workflow import PUBLISH

admin.site.unregister(TaggitTag)


class TagForm(forms.ModelForm):
    #: Set by the screen.
    may_take_over = True

    def clean(self):
        self.instance.may_take_over = self.may_take_over
        return super().clean()


@admin.register(Tag)
class TagAdmin(UncountedAdmin):
    form = TagForm
    list_display = ["name", "slug", "stories"]
    ordering = ["name"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug"]

    def get_queryset(self, request):
        of_tag = TaggedArticle.objects.filter(tag=OuterRef("pk"))
        return super().get_queryset(request).annotate(story_count=CountUpTo(of_tag))

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        form.may_take_over = request.user.has_perm(PUBLISH)
        return form

    @admin.display(description="stories")
    def stories(self, tag: Tag) -> str:
        return as_counted(tag.story_count)
