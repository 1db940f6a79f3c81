from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import mark_safe
from django_tasks_db.admin import DBTaskResultAdmin
from django_tasks_db.models import DBTaskResult

from articles.admin.editor import ProseEditorAdminMixin
from articles.admin.uncounted import UncountedAdmin
from newsportal import accounts, background
from newsportal.models import Page, PolicyReport, WellKnownFile

HOW_TO_WRITE_FILES = mark_safe(
    "<p>Each file has a default, which comes back when what is written here is deleted.</p><ul>"
    "<li><b>robots.txt</b>: rules for particular crawlers, added to the rules for all and the sitemaps. To keep the "
    "collectors of training data out: <code>User-agent: GPTBot</code>, <code>User-agent: ClaudeBot</code>, "
    "<code>User-agent: CCBot</code>, <code>User-agent: Google-Extended</code>, a line each, and under them "
    "<code>Disallow: /</code>.</li>"
    "<li><b>ads.txt</b>: a record a line, <code>exchange.example, account, DIRECT</code>; replaces the line that says that "
    "nobody sells.</li>"
    "<li><b>security.txt</b>: <code>Contact: mailto:…</code> and the other fields; Expires and Canonical are added.</li>"
    "<li><b>trust.txt</b>: <code>belongto=https://…</code>, <code>social=https://…</code>, "
    "<code>datatrainingallowed=no</code>.</li></ul>"
)


@admin.register(Page)
class PageAdmin(ProseEditorAdminMixin, UncountedAdmin):
    list_display = ["title", "slug", "order", "modified_at"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(WellKnownFile)
class WellKnownFileAdmin(UncountedAdmin):
    list_display = ["__str__", "modified_at"]
    fieldsets = [(None, {"fields": ["name", "text"], "description": HOW_TO_WRITE_FILES})]

    def view_on_site(self, obj: WellKnownFile) -> str:
        return reverse(obj.name, kwargs={"name": obj.name})


@admin.register(PolicyReport)
class PolicyReportAdmin(UncountedAdmin):
    """To be read, and for nothing else."""

    list_display = ["directive", "blocked", "page", "reports", "day", "last_at"]
    list_display_links = None
    sortable_by: list[str] = []
    search_fields = ["directive", "blocked", "page"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: PolicyReport | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: PolicyReport | None = None) -> bool:
        return False


class AccountAdmin(UserAdmin):
    """Django's screens, where only superusers make superusers, and nobody goes beyond their own rights."""

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or accounts.may_manage(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or accounts.may_manage(request.user, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None):
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name == "groups":
            kwargs["queryset"] = accounts.groups_within(request.user)
        elif db_field.name == "user_permissions":
            kwargs["queryset"] = accounts.held_by(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class RoleAdmin(GroupAdmin):
    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or accounts.may_manage_group(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or accounts.may_manage_group(request.user, obj))

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name == "permissions":
            kwargs["queryset"] = accounts.held_by(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class JobAdmin(DBTaskResultAdmin):
    actions = ["do_again"]

    @admin.action(description="Do again what was given up", permissions=["view"])
    def do_again(self, request: HttpRequest, jobs: QuerySet[DBTaskResult]) -> None:
        count = background.do_again(jobs)
        things = "piece of work is" if count == 1 else "pieces of work are"
        self.message_user(request, f"{count} {things} done again.", messages.SUCCESS if count else messages.WARNING)


for model, screen in ((User, AccountAdmin), (Group, RoleAdmin), (DBTaskResult, JobAdmin)):
    admin.site.unregister(model)
    admin.site.register(model, screen)
