"""The desk: Django's admin, in the newsroom's words and order."""

from __future__ import annotations

from collections.abc import Iterator
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import BadRequest, FieldDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from articles.http.numbers import number_in
from articles.lookup import LooksUp
from newsportal.stale import RefusesStale

#: How the links of filters ask, and by which names an address names a row.
PLAIN = {"exact", "in", "isnull", "isempty", "gte", "gt", "lte", "lt", "id", "pk"}
NUMBER = {"id", "pk"}

APP_ORDER = ["articles", "comments", "adverts", "newsportal", "auth"]


class AsItsFiltersAsk(LooksUp, admin.ModelAdmin):
    """An address asks a list for what its filters offer, and a form does what its buttons say.

    Django lets an address ask by any field, in any way, and by what refers to it: so a reporter would learn of a colleague's draft
    which picture leads it, have all texts read, or have Python look in them for an expression for ever, which is how SQLite
    does it. And it takes a form for one of something new wherever that is asked for, in the transaction of the old one.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        name, *how = lookup.split("__")
        try:
            self.opts.get_field(name)
        except FieldDoesNotExist:  # a filter's own name, or nothing, of which Django takes care
            is_offered = name in NUMBER or not how
        else:
            is_offered = name in NUMBER or name in self._filtered_by(request)
        return is_offered and PLAIN.issuperset(how) and super().lookup_allowed(lookup, value, request)

    def _filtered_by(self, request: HttpRequest) -> Iterator[str]:
        for told in self.get_list_filter(request):
            one: Any = told[0] if isinstance(told, tuple | list) else told
            yield one.partition("__")[0] if isinstance(one, str) else one.parameter_name

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "_saveasnew" in request.POST and not self.save_as:
            raise BadRequest("No button of this form says so.")
        return super().changeform_view(request, *args, **kwargs)


class Desk(admin.AdminSite):
    index_title = "The desk"
    site_url = "/"
    enable_nav_sidebar = True

    @property
    def site_header(self) -> str:  # type: ignore[override]
        return settings.SITE_NAME

    @property
    def site_title(self) -> str:  # type: ignore[override]
        return f"{settings.SITE_NAME} desk"

    def register(self, model_or_iterable, admin_class=None, **options):
        """Every screen refuses to overwrite what somebody else has saved, unless it knows how to merge."""
        admin_class = admin_class or admin.ModelAdmin
        admin_class = type(admin_class.__name__, (AsItsFiltersAsk, admin_class), {"__module__": admin_class.__module__})
        if not getattr(admin_class, "merges_changes", False) and not issubclass(admin_class, RefusesStale):
            admin_class = type(
                admin_class.__name__, (RefusesStale, admin_class), {"__module__": admin_class.__module__}
            )
        super().register(model_or_iterable, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict]:
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: APP_ORDER.index(app["app_label"]) if app["app_label"] in APP_ORDER else 99)

    def get_urls(self) -> list:
        return [
            path("back/", self.admin_view(self.back), name="back"),
            path("r/<path:content_type_id>/<path:object_id>/", self.admin_view(self.on_site), name="view_on_site"),
            *super().get_urls(),
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's leads to the login whoever is not logged in any more, and what they had written would be gone."""
        django_view = super().admin_view(view, cacheable)

        @wraps(django_view)
        def screen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            from newsportal import bare  # as below

            given_back = None if request.user.is_authenticated else bare.logged_out(request)
            return given_back or django_view(request, *args, **kwargs)

        return screen

    def login(self, request: HttpRequest, extra_context: dict | None = None):
        """Never Django's own, which knows of no second factor. Its address is the same (newsportal.staff.urls)."""
        from newsportal.staff import views  # its models are not ready when this site object is made

        return views.login(request)

    def password_change(self, request: HttpRequest, extra_context: dict | None = None):
        """Django's, with the limits of the login: a session that was stolen is no place to guess the password in."""
        from newsportal.staff import views

        return views.change_password(request)

    def on_site(self, request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
        """Where something stands on the site, for who may look at it here: Django tells it to everybody, of drafts as well."""
        from django.contrib.contenttypes.models import ContentType  # not there yet when this site object is made
        from django.contrib.contenttypes.views import shortcut

        kind = ContentType.objects.filter(pk=number_in(content_type_id)).first()
        screen: Any = self._registry.get(kind.model_class()) if kind else None  # type: ignore[arg-type]
        found = screen and screen.get_object(request, object_id)
        if not found or not screen.has_view_or_change_permission(request, found):
            raise Http404("There is no such thing.")
        return shortcut(request, kind.pk, object_id)  # type: ignore[union-attr]

    def back(self, request: HttpRequest) -> HttpResponse:
        """Where a login ends that was asked for by an open page: it closes itself."""
        context = self.each_context(request) | {"title": "You are logged in again"}
        return TemplateResponse(request, "admin/back.html", context)

    def index(self, request: HttpRequest, extra_context: dict | None = None):
        from newsportal import dashboard  # its models are ready by now, and not when this site object is made

        return super().index(request, dashboard.context(request.user) | (extra_context or {}))

    def each_context(self, request: HttpRequest) -> dict:
        from newsportal.doctor.alarms import alarms  # needs the models, as above

        return super().each_context(request) | {"desk_zone": settings.TIME_ZONE, "alarms": alarms.of(request.user)}
