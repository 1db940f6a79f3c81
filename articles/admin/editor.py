"""The rich-text editor on the desk's forms, under the strict policy."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from js_asset import ImportMap, Media

from articles import body

#: What scripts of ours import by name: published files have other names than these.
OURS = Media(importmap=ImportMap({"newsportal/library": "js/desk/library.js"}))


class ProseEditorAdminMixin(admin.ModelAdmin):
    """Gives the editor's inline import map what our own scripts import, and the nonce that the policy asks for."""

    class Media:
        css = {"all": ["css/desk/editor.css"]}

    def read_ahead(self, request: HttpRequest) -> None:
        """What a text takes long for is done before its transaction: to be called first by `changeform_view`, which begins it."""
        if request.method == "POST":
            body.read_ahead(request.POST.get("body", ""))

    def render_change_form(self, request: HttpRequest, context, add=False, change=False, form_url="", obj=None):
        context["media"] = (Media.from_media(context["media"]) + OURS).with_nonce(str(request.csp_nonce))
        return super().render_change_form(request, context, add, change, form_url, obj)
