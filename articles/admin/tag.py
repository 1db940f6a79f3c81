from django import forms
from django.contrib import admin
from django.db.models import OuterRef
from django.urls import reverse
from django.utils.html import format_html
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

    def get_deleted_objects(self, objs, request):
        """Its stories are counted: Django would list all of them, and they stay."""
        told: list = []
        for tag in objs:
            address = reverse("admin:articles_tag_change", args=[tag.pk])
            count = as_counted(tag.story_count)
            told += [
                format_html('Tag: <a href="{}">{}</a>', address, tag),
                [f"on {count} {'story, which stays' if count == '1' else 'stories, which stay'}"],
            ]
        may = all(self.has_delete_permission(request, tag) for tag in objs)
        return told, {self.opts.verbose_name_plural: len(objs)}, set() if may else {self.opts.verbose_name}, []

    @admin.display(description="stories")
    def stories(self, tag: Tag) -> str:
        return as_counted(tag.story_count)
