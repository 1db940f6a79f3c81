from __future__ import annotations

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django_tasks.base import TaskResultStatus
from django_tasks_db.admin import DBTaskResultAdmin
from django_tasks_db.models import DBTaskResult

from adverts.admin import BookingAdmin
from adverts.models import Booking
from articles.admin.editor import ProseEditorAdminMixin
from articles.admin.goes_along import GoesAlongMixin
from articles.admin.moment import MomentField, ZonedSplitDateTime
from articles.admin.uncounted import LIMIT, UncountedAdmin
from comments.models import Sanction
from newsportal import accounts, background
from newsportal.models import AuditEntry, Page, PolicyReport, WellKnownFile
from newsportal.staff import audit, second_factor, sessions

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

    def changeform_view(self, request: HttpRequest, *args, **kwargs):
        self.read_ahead(request)
        return super().changeform_view(request, *args, **kwargs)


@admin.register(WellKnownFile)
class WellKnownFileAdmin(UncountedAdmin):
    list_display = ["__str__", "modified_at"]
    fieldsets = [(None, {"fields": ["name", "text"], "description": HOW_TO_WRITE_FILES})]

    def view_on_site(self, obj: WellKnownFile) -> str:
        return reverse(obj.name, kwargs={"name": obj.name})


class ToBeRead(UncountedAdmin):
    """What nobody writes at the desk, nor takes away."""

    sortable_by = ()
    actions = None
    heading = ""

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None):
        return super().changelist_view(request, {"title": self.heading} | (extra_context or {}))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(PolicyReport)
class PolicyReportAdmin(ToBeRead):
    """What browsers have blocked (newsportal/policy_reports.py)."""

    heading = "Blocked by browsers"
    list_display = ["directive", "blocked", "page", "reports", "day", "last_at"]
    list_display_links = None
    search_fields = ["directive", "blocked", "page"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ToBeRead):
    """The log, for administrators."""

    heading = "Audit log"
    list_display = ["when", "what", "actor", "subject", "address"]
    list_filter = ["event"]
    list_select_related = ["came_from"]
    list_per_page = 50
    search_fields = ["actor", "subject"]
    search_help_text = "The whole name of an account or a role, as it stands in the list."

    class Media:
        css = {"all": ["css/desk/login.css"]}

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str):
        """Each over an index of its own, and whole: a log of millions is not looked through for parts of words, nor for either of
        two names, for which a database would read it from its end.
        """  # fmt: skip
        if not (name := search_term.strip()):
            return queryset, False
        newest = queryset.order_by("-pk").values_list("pk", flat=True)
        found = {pk for whose in self.search_fields for pk in newest.filter(**{whose: name})[: LIMIT + 1]}
        return queryset.filter(pk__in=found), False

    @admin.display(description="when")
    def when(self, entry: AuditEntry) -> str:
        return f"{timezone.localtime(entry.at):%-d %b %Y, %H:%M:%S}"

    @admin.display(description="what")
    def what(self, entry: AuditEntry) -> str:
        return format_html("<b>{}</b> <small>{}</small>", entry.get_event_display(), entry.told())

    @admin.display(description="from")
    def address(self, entry: AuditEntry) -> str:
        return entry.came_from.address if hasattr(entry, "came_from") else ""


class AccountAdmin(GoesAlongMixin, UserAdmin):
    """Django's screens, where only superusers make superusers, and nobody goes beyond their own rights."""

    goes_along = (Sanction,)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.second_factor_view)
        return [path("<int:id>/second-factor/", view, name="auth_user_second_factor"), *super().get_urls()]

    def second_factor_view(self, request: HttpRequest, id: int) -> HttpResponse:
        """For a colleague whose phone is gone: without a second factor, and logged out everywhere."""
        user = get_object_or_404(User, pk=id)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if request.method == "POST":
            removed = second_factor.remove_all(user)
            audit.note_ended(sessions.end_others(user, request), "the second factor was removed")
            said = "has none any more, and is logged out everywhere" if removed else "had none"
            self.message_user(request, f"{user}: {said}.", messages.SUCCESS)
            return redirect("admin:auth_user_change", id)
        context = self.admin_site.each_context(request) | {
            "title": f"Second factor of {user}", "account": user, "opts": self.opts,
            "has_one": second_factor.has_one(user), "is_required": second_factor.is_required(user),
        }  # fmt: skip
        return TemplateResponse(request, "admin/auth/user/second_factor.html", context)

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


#: How jobs of each status are listed, over its index: the library has one of what is ready, and we have one of the others
#: (newsportal/migrations/0011). Of those that run there are as many as processes.
ORDERS = {
    TaskResultStatus.FAILED: ["-finished_at"],
    TaskResultStatus.READY: ["-priority", "run_after", "enqueued_at"],
    TaskResultStatus.RUNNING: ["-started_at"],
    TaskResultStatus.SUCCESSFUL: ["-finished_at"],
}


class JobStatusFilter(admin.SimpleListFilter):
    """Jobs of one status; those that have failed where none is asked for. All of them together have no order that is an index."""

    title = parameter_name = "status"

    @classmethod
    def asked(cls, request: HttpRequest) -> TaskResultStatus:
        status = request.GET.get(cls.parameter_name)
        return TaskResultStatus(status) if status in ORDERS else TaskResultStatus.FAILED

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin):
        self._shown = self.asked(request)
        return [(status.value, status.label) for status in ORDERS]

    def choices(self, changelist):
        for status, label in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: status})
            yield {"selected": status == self._shown, "query_string": query, "display": label}

    def queryset(self, request: HttpRequest, queryset: QuerySet[DBTaskResult]) -> QuerySet[DBTaskResult]:
        return queryset.filter(status=self._shown)


class JobAdmin(UncountedAdmin, DBTaskResultAdmin):
    list_display = ["task_name", "status", "why", "enqueued_at", "display_run_after", "started_at", "finished_at"]
    list_filter = [JobStatusFilter]
    sortable_by = ()
    actions = ["do_again"]

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ORDERS[JobStatusFilter.asked(request)]

    @admin.display(description="why")
    def why(self, job: DBTaskResult) -> str:
        """What it has failed by, or was put off for."""
        return job.exception_class_path.rpartition(".")[2]

    @admin.action(description="Do again what was given up", permissions=["view"])
    def do_again(self, request: HttpRequest, jobs: QuerySet[DBTaskResult]) -> None:
        count = background.do_again(jobs)
        things = "piece of work is" if count == 1 else "pieces of work are"
        self.message_user(request, f"{count} {things} done again.", messages.SUCCESS if count else messages.WARNING)


class ExactBookingAdmin(BookingAdmin):
    """With times as stories have them, exact also in the night in which an hour comes twice: adverts knows nothing of these."""

    formfield_overrides = {
        **BookingAdmin.formfield_overrides,
        models.DateTimeField: {"form_class": MomentField, "widget": ZonedSplitDateTime},
    }


for model, screen in ((User, AccountAdmin), (Group, RoleAdmin), (DBTaskResult, JobAdmin), (Booking, ExactBookingAdmin)):
    admin.site.unregister(model)
    admin.site.register(model, screen)

# What is to be done with these is done by their owners (“Your login”), or on the screen of an account.
for model in (Authenticator, EmailAddress, EmailConfirmation):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
