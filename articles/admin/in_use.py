"""What is in use is not deleted: the page that asks says by what."""

from __future__ import annotations

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from articles.models.in_use import users_of

#: As many users are named.
SHOWN = 20
AND_MORE = "and more"


class InUseMixin:
    def get_deleted_objects(self, objs, request: HttpRequest):
        """What is in use is asked first, and of a few: Django would load all stories of a section in order to name them."""
        if users := users_of(list(objs), most=SHOWN + 1):
            told = [self.link_to(user) for user in users[:SHOWN]]
            return [], {}, set(), [*told, AND_MORE] if len(users) > SHOWN else told
        return super().get_deleted_objects(objs, request)

    def link_to(self, user: Model) -> str:
        if not self.admin_site.is_registered(type(user)):
            return str(user)
        address = f"{self.admin_site.name}:{user._meta.app_label}_{user._meta.model_name}_change"
        return format_html('<a href="{}">{}</a>', reverse(address, args=[quote(user.pk)]), user)
