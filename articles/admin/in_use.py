"""What is in use is not deleted: the page that asks says by what."""

from __future__ import annotations

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from articles.models.in_use import users_of


class InUseMixin:
    def get_deleted_objects(self, objs, request: HttpRequest):
        to_delete, model_count, perms_needed, protected = super().get_deleted_objects(objs, request)
        return to_delete, model_count, perms_needed, [*protected, *map(self.link_to, users_of(list(objs)))]

    def link_to(self, user: Model) -> str:
        if not self.admin_site.is_registered(type(user)):
            return str(user)
        address = f"{self.admin_site.name}:{user._meta.app_label}_{user._meta.model_name}_change"
        return format_html('<a href="{}">{}</a>', reverse(address, args=[quote(user.pk)]), user)
