"""What a screen of the desk needs in order to show the editor of body text."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from js_asset import Media


class ProseEditorAdminMixin:
    """For a ModelAdmin with a BodyField.

    The browser takes the editor's import map, which stands in the page itself, only with the nonce of this response.
    """

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> HttpResponse:
        nonce = str(request.csp_nonce)  # type: ignore[attr-defined]  # set by django-csp
        context["media"] = Media.from_media(context["media"]).with_nonce(nonce)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]
