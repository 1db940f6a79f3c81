from django.contrib import admin

from articles.admin.editor import ProseEditorAdminMixin
from newsportal.models import Page


@admin.register(Page)
class PageAdmin(ProseEditorAdminMixin, admin.ModelAdmin):
    list_display = ["title", "slug", "order", "modified_at"]
    prepopulated_fields = {"slug": ["title"]}
