"""The desk: Django's admin, in the newsroom's words and order."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest

APP_ORDER = ["articles", "comments", "adverts", "newsportal", "auth"]


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

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict]:
        apps = super().get_app_list(request, app_label)
        return sorted(apps, key=lambda app: APP_ORDER.index(app["app_label"]) if app["app_label"] in APP_ORDER else 99)

    def each_context(self, request: HttpRequest) -> dict:
        return super().each_context(request) | {"desk_zone": settings.TIME_ZONE}
